/* Lists out of the file, for the queries of this room. Private to harness/store. */
#ifndef VX_STORE_LIST_H
#define VX_STORE_LIST_H

#include "harness/store/state.h"

/* Fills one zeroed element from a row; false when memory is out. */
typedef bool vx_take_row(vx_arena *arena, sqlite3_stmt *row, void *element);

/* All rows of a query, its first two parameters (as far as it has them) bound, as elements of `size` bytes each. `list`
   is the address of a pointer to such elements. */
bool vx_query_list(vx_store *store, const char *sql, int64_t first, int64_t second, vx_arena *arena, vx_take_row *take,
                   size_t size, void *list, int *count, vx_error *error);

/* The text of a column in the arena, NULL as ""; NULL only when memory is out. */
const char *vx_query_text(vx_arena *arena, sqlite3_stmt *row, int column);

/* The map of the columns kind, width, height, bytes, from `first` on, in the arena; one whose bytes are not as many as
   its sides say gets the width -1. False when memory is out. */
bool vx_take_map(vx_arena *arena, sqlite3_stmt *row, int first, vx_map *map);

/* Texts of the columns from `first` on into the given places; false when memory is out. */
bool vx_query_texts(vx_arena *arena, sqlite3_stmt *row, int first, const char **const *into, int count);

/* A row whose first column is a text, into a const char *; or a number, into an int64_t. */
vx_take_row vx_take_text, vx_take_id;

#endif
