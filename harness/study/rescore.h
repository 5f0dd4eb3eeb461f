/* Scores of stored maps without the model: other thresholds, other truths, as many settings at once as one likes. Each
   mask is read once, each map brought to size once a size.

   From patch maps everything is exact, the run's own scores bit for bit. From the 8-bit pixel maps Otsu and all mask
   options are exact, too; a fixed threshold t is taken as u > 255 t, and another size is refused. */
#ifndef VX_RESCORE_H
#define VX_RESCORE_H

#include "harness/config/setting.h"
#include "harness/run/origin.h"

/* A run's maps and the masks that they are scored against. */
typedef struct vx_rescore {
  vx_store *store;
  vx_run_row run;
  vx_arena *arena;
  vx_method_row *methods; /* those asked for */
  int method_count;
  vx_image_set images;    /* through the gate */
  const int *label_class; /* [label_count] class of the data that a label stands for; -1 */
  int label_count;
  vx_input_options input; /* its geometry */
  vx_origin origin;
  bool every_level; /* also the IoU at each of the 256 levels, under the first setting's truth */
} vx_rescore;

/* `root` NULL: where the run found its data. `methods` "a,b,…" or NULL for all. False when the data set is not there.
 */
bool vx_rescore_open(vx_rescore *rescore, vx_store *store, int64_t run, const char *root, const char *methods,
                     vx_error *error);
void vx_rescore_close(vx_rescore *rescore);

/* Names the first method whose maps are stored at pixel size where the setting has another size than the run (false),
   or adds to `note` what is not exact about a threshold on them. `note` may be NULL. */
bool vx_rescore_check(const vx_rescore *rescore, const vx_setting *setting, char *note, size_t note_size,
                      vx_error *error);

/* One map under all settings. */
typedef struct vx_rescored {
  const vx_image_row *image;
  const vx_method_row *method;
  bool made; /* there is a map; otherwise the method had failed */
  bool flat;
  int target;
  const bool *has_truth;   /* [settings] */
  const double *level_iou; /* [256] IoU of the masks u > t; NULL unless asked for, or without a truth */
  const vx_cut *cuts;      /* [settings] counts and threshold where there is a truth */
} vx_rescored;

/* Scores all maps with `jobs` threads and gives them to `take` in the order of images and methods, on the caller's
   thread. False when a mask is missing or no longer the one that it was, when memory is out, or when `take` says so. */
bool vx_rescore_all(const vx_rescore *rescore, const vx_setting *settings, int setting_count, int jobs,
                    bool (*take)(void *user, const vx_rescored *rescored, vx_error *error), void *user,
                    vx_error *error);

/* An evaluation with the scores of a cut, as the store takes it. */
void vx_rescore_evaluation(const vx_rescored *rescored, int setting, const vx_setting *how, vx_evaluation *evaluation);

#endif
