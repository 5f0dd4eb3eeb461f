/* The library on one page: one picture, one model, one method, its heat map as characters.

     build/release/explain_one MODEL PICTURE [METHOD]      e.g. data/demo/model data/demo/JPEGImages/scene_0001.jpg
   ag-cam */
#include <stdio.h>
#include <stdlib.h>

#include "explainers/explainer.h"
#include "harness/data/input.h"

/* The map on the patch grid, from dark to light; a pixel map is shown at the centre of each patch. */
static void print_map(const double *heat, int side, int grid) {
  double low = heat[0], high = heat[0];
  for (int i = 0; i < side * side; i++) {
    low = heat[i] < low ? heat[i] : low;
    high = heat[i] > high ? heat[i] : high;
  }
  int step = side / grid;
  for (int row = 0; row < grid; row++, puts(""))
    for (int column = 0; column < grid; column++) {
      double value = heat[(row * step + step / 2) * side + column * step + step / 2];
      double share = high > low ? (value - low) / (high - low) : 0;
      printf("%c ", " .:-=+*#%@"[(int)(9.999 * share)]);
    }
}

static int explain(const vx_model *model, const vx_explainer *method, const float *x, vx_error *error) {
  const vx_shape *shape = vx_model_shape(model);
  vx_args args;
  vx_args_default(&method->params, &args);
  vx_needs plan = {0};
  method->needs(shape, &args, &plan); /* what the method will read decides which passes are made */
  vx_worker *worker = vx_worker_new(model, &plan, VX_MIXED, error);
  if (!worker || !vx_worker_forward(worker, x, error)) return 1;
  const double *logits = vx_worker_logits(worker);
  int top = 0;
  for (int c = 1; c < shape->classes; c++)
    if (logits[c] > logits[top]) top = c;
  printf("%s says \"%s\"; %s:\n", vx_model_naming(model), vx_model_label(model, top), method->title);
  vx_view *view = vx_worker_explain(worker, top, VX_LOGIT, error);
  int side = method->grid == VX_GRID_PATCH ? shape->grid : shape->image;
  double *heat = malloc(sizeof *heat * (size_t)side * (size_t)side);
  bool ok = view && heat && vx_explainer_run(method, view, &args, heat, error);
  if (ok) print_map(heat, side, shape->grid);
  free(heat);
  vx_worker_free(worker);
  return ok ? 0 : 1;
}

int main(int argc, char **argv) {
  vx_error error = {"usage", "explain_one MODEL PICTURE [METHOD]"};
  const vx_explainer *method = vx_explainer_find(argc > 3 ? argv[3] : "ag-cam");
  vx_model *model = argc > 2 && method ? vx_model_open(argv[1], &error) : NULL;
  vx_picture picture = {0};
  vx_input_options options;
  int status = 1;
  if (model && vx_picture_read(argv[2], &picture, &error) &&
      vx_input_from_checkpoint(argv[1], vx_model_shape(model)->image, &options, &error)) {
    float *x = malloc(sizeof *x * 3 * (size_t)options.size * (size_t)options.size);
    if (x && vx_input_make(&picture, &options, x, NULL, &error)) status = explain(model, method, x, &error);
    free(x);
  }
  if (status) fprintf(stderr, "%s: %s\n", error.where, error.why);
  vx_picture_free(&picture);
  vx_model_close(model);
  return status;
}
