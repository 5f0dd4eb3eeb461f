/* All combinations of the choices that a protocol leaves open, from stored maps: what each choice does to the numbers,
   and which combinations give a row that somebody has published. */
#ifndef VX_SWEEP_H
#define VX_SWEEP_H

#include "harness/study/rescore.h"

/* Choices; each has levels that are texts. Their order is that of vx_combination.level. */
typedef enum vx_sweep_choice {
  VX_CHOICE_METHOD,
  VX_CHOICE_INPUT, /* the model again: one run in the file a level */
  VX_CHOICE_THRESHOLD,
  VX_CHOICE_VOID,
  VX_CHOICE_MASK_RESIZE,
  VX_CHOICE_PIXEL_ACCURACY,
  VX_CHOICE_GATE,
  VX_CHOICE_AGGREGATE,
  VX_CHOICES
} vx_sweep_choice;

enum { VX_SWEEP_LEVELS = 16 }; /* of a choice, methods apart */

const char *vx_sweep_choice_name(vx_sweep_choice choice); /* "method", "normalisation", "threshold", … */

typedef struct vx_combination {
  int level[VX_CHOICES];
  double iou, f1, pixel_accuracy; /* percent; NaN without images */
  int n;
} vx_combination;

typedef struct vx_sweep {
  vx_arena *arena;
  const char **levels[VX_CHOICES]; /* [choice][level] */
  int level_count[VX_CHOICES];
  double gates[VX_SWEEP_LEVELS];
  const bool *trivial; /* [methods] */
  vx_combination *combinations;
  int count, room;
  char note[400]; /* what is not exact */

  /* Measures that do not look at the truth: of the choices, method, input and gate alone touch them. */
  const char **measures; /* names of their columns */
  int measure_count;
  double *means; /* [VX_SWEEP_LEVELS inputs][methods][VX_SWEEP_LEVELS gates][measures] over images; NaN: none */
} vx_sweep;

/* Starts with the levels of the choices that need no model: comma-separated lists ("otsu,mean,0.5", NULL: the standard
   ones) and gates. */
typedef struct vx_sweep_options {
  const char *thresholds, *voids, *mask_resizes; /* NULL: otsu,mean,0.5; ignore,background,foreground; pillow,opencv */
  const char *gates;                             /* "0.8,0.85,0.9"; required */
  const char *methods;                           /* NULL: all that all runs have */
  const char *root;                              /* of the data set now; NULL: as the runs say */
  int jobs;
} vx_sweep_options;

bool vx_sweep_start(vx_sweep *sweep, const vx_sweep_options *options, vx_error *error);

/* Adds all combinations of one run; `input` names the level (a short text that the arena keeps). Runs after the first
   must have its methods. */
bool vx_sweep_add(vx_sweep *sweep, vx_store *store, int64_t run, const char *input, const vx_sweep_options *options,
                  vx_error *error);

void vx_sweep_free(vx_sweep *sweep);

/* The mean of a measure; NaN without images. */
double vx_sweep_mean(const vx_sweep *sweep, int input, int method, int gate, int measure);

/* Distance of a combination to a row in points: the largest of the three differences, those that are NaN in `row`
   apart. */
double vx_sweep_distance(const vx_combination *combination, const double row[3]);

#endif
