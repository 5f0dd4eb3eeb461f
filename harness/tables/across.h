/* Measures against measures: whether they put methods in the same order, and how a method's rank changes from one to
   the other. */
#ifndef VX_TABLES_ACROSS_H
#define VX_TABLES_ACROSS_H

#include "harness/tables/column.h"
#include "harness/tables/compare.h"
#include "statistics/agreement.h"
#include "statistics/bootstrap.h"
#include "statistics/compare.h"

/* Columns of a run side by side, over the images that have all of them. */
typedef struct vx_across {
  const vx_column *columns; /* [count] */
  const vx_method_row *methods;
  int count, method_count, images;
  double *means;                 /* [count][method_count], NaN: none; the ceiling row has none under its measure */
  int *ranks;                    /* [count][method_count] by the mean, 1 the best; 0: none */
  vx_rank_agreement *agreements; /* [vx_pairs(count)] over methods[agreeing] */
} vx_across;

/* `agreeing` [method_count]: methods that the correlations are over (all have means and ranks). Everything lies in the
   arena. images 0, and nothing else, where no image has all of the columns. */
bool vx_across_make(vx_store *store, int64_t scoring, const vx_image_set *images, const vx_column *columns, int count,
                    const vx_method_row *methods, const bool *agreeing, int method_count, const vx_resampling *how,
                    bool kendall_interval, vx_arena *arena, vx_across *across, vx_error *error);

/* `vitx compare --metrics`: a row a pair of measures; with options->ranks a row a method, its mean and rank under each.
   Correlations are over the methods that look at the model, or over those that options->methods names. */
vx_sheet *vx_across_sheet(vx_store *store, const vx_compare_options *options, vx_error *error);

#endif
