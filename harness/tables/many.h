/* More than one run in one table: a column a run, under the keys in which they differ. */
#ifndef VX_TABLES_MANY_H
#define VX_TABLES_MANY_H

#include "harness/tables/table.h"

typedef struct vx_many_run {
  vx_store *store;
  int64_t run; /* 0: the newest */
} vx_many_run;

/* labels [count]: of each run the keys, with their values, in which it differs from others of them ("model=vit-tiny,
   head.random=20"); where that does not tell runs apart, their files, too. Texts in the arena. */
bool vx_many_labels(const vx_many_run *runs, int count, vx_arena *arena, const char **labels, vx_error *error);

/* A row a method that any run has, by one number (options->metrics, one name; NULL: iou); without groups and published
   rows. The sheet's texts lie in the arena. NULL on failure. */
vx_sheet *vx_many_table(const vx_many_run *runs, int count, const vx_table_options *options, vx_arena *arena,
                        vx_error *error);

#endif
