/* Methods of a stored run by their names, as a command's option lists them. */
#ifndef VX_STORE_CHOOSE_H
#define VX_STORE_CHOOSE_H

#include "harness/store/query.h"

/* The one of that name, or NULL. */
const vx_method_row *vx_method_row_find(const vx_method_row *rows, int count, const char *name);

/* Methods of the run that `list` "a,b,…" names, in its order; without a list (NULL) all, in the order of tables. The
   error says which name the run does not have and what was meant, or which one stands there twice. */
bool vx_query_methods_named(vx_store *store, int64_t run, const char *list, vx_arena *arena, vx_method_row **rows,
                            int *count, vx_error *error);

#endif
