#include "harness/store/choose.h"

#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

const vx_method_row *vx_method_row_find(const vx_method_row *rows, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(rows[i].name, name) == 0) return &rows[i];
  return NULL;
}

bool vx_query_methods_named(vx_store *store, int64_t run, const char *list, vx_arena *arena, vx_method_row **rows,
                            int *count, vx_error *error) {
  const char *where = vx_store_path(store), **names;
  vx_method_row *all;
  int all_count, name_count;
  if (!vx_query_methods(store, run, arena, &all, &all_count, error)) return false;
  *rows = all;
  *count = all_count;
  if (!list) return true;
  if (!vx_split(arena, list, ',', &names, &name_count)) return vx_fail(error, where, "out of memory");
  vx_method_row *chosen = VX_TAKE(arena, name_count + 1, vx_method_row);
  if (!chosen) return vx_fail(error, where, "out of memory");
  for (int i = 0; i < name_count; i++) {
    const vx_method_row *row = vx_method_row_find(all, all_count, names[i]);
    if (!row)
      return vx_fail(error, where, "the run has no method '%.60s'%s", names[i],
                     vx_meant(names[i], VX_WORDS(all, all_count, name), NULL).text);
    if (vx_method_row_find(chosen, i, names[i]))
      return vx_fail(error, where, "the method '%.60s' is named twice", names[i]);
    chosen[i] = *row;
  }
  *rows = chosen;
  *count = name_count;
  return true;
}
