/* Heat maps against the truth of one image. */
#ifndef VX_SCORE_H
#define VX_SCORE_H

#include "harness/run/run.h"

typedef struct vx_scorer vx_scorer;

vx_scorer *vx_scorer_new(const vx_run *run, vx_error *error);
void vx_scorer_free(vx_scorer *scorer);

/* Where map and mask meet: the geometry at evaluation size of a picture of width x height. */
bool vx_score_geometry(const vx_config *config, const vx_input_options *input, int width, int height,
                       vx_geometry *geometry, vx_error *error);

/* Makes the truth of the image whose rows `result` has (its main class, its prediction). Without a mask, or when the
   foreground is `predicted` and the top class maps to none, there is no truth, and maps stay unscored. False when the
   mask cannot be brought to evaluation size. */
bool vx_scorer_truth(vx_scorer *scorer, const vx_mask *mask, int width, int height, const vx_result *result,
                     vx_error *error);

typedef enum vx_score_outcome { VX_SCORE_DONE, VX_SCORE_FAILED, VX_SCORE_NO_MEMORY } vx_score_outcome;

/* Scores a map [side][side] of `method` into `evaluation` of `result` and keeps the map there. A patch map is rounded
   to single precision first, so that scoring the stored map again gives the same bits. */
vx_score_outcome vx_scorer_score(vx_scorer *scorer, const vx_method *method, const double *map, vx_result *result,
                                 vx_evaluation *evaluation, vx_error *error);

#endif
