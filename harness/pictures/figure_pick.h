/* Which images and methods a figure shows. Private to figure*. */
#ifndef VX_PICTURES_FIGURE_PICK_H
#define VX_PICTURES_FIGURE_PICK_H

#include "harness/pictures/figure.h"
#include "harness/store/query.h"

typedef struct vx_figure_choice {
  vx_run_row run;
  vx_method_row *methods; /* [method_count] rows of the figure, in the order asked for */
  int method_count;
  const vx_image_row **images; /* [image_count] columns */
  double *iou;                 /* [image_count][method_count]; NaN: not scored */
  int image_count;
} vx_figure_choice;

bool vx_figure_choose(vx_store *store, const vx_figure_options *options, vx_arena *arena, vx_figure_choice *choice,
                      vx_error *error);

#endif
