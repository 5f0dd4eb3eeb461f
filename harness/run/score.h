/* Heat maps against the truth of one image. */
#ifndef VX_SCORE_H
#define VX_SCORE_H

#include "harness/run/run.h"
#include "harness/run/to_size.h"

typedef struct vx_scorer vx_scorer;

vx_scorer *vx_scorer_new(const vx_run *run, vx_error *error);
void vx_scorer_free(vx_scorer *scorer);

/* Makes the truth of the image whose rows `result` has (its main class, its prediction). Without a mask, or when the
   foreground is `predicted` and the top class maps to none, there is no truth, and maps stay unscored. False when the
   mask cannot be brought to evaluation size. */
bool vx_scorer_truth(vx_scorer *scorer, const vx_mask *mask, int width, int height, const vx_result *result,
                     vx_error *error);

typedef enum vx_score_outcome { VX_SCORE_DONE, VX_SCORE_FAILED, VX_SCORE_NO_MEMORY } vx_score_outcome;

/* Scores a map of `method` into `evaluation` of `result` and keeps the map there; with those of the run's metrics whose
   bits are set. `view` is what its measures may ask of the model. */
vx_score_outcome vx_scorer_score(vx_scorer *scorer, const vx_method *method, const vx_heatmap *map, const vx_view *view,
                                 uint64_t metrics, vx_result *result, vx_evaluation *evaluation, vx_error *error);

/* The metrics whose bits are set, of an evaluation out of the store with its map, into a copy of it: bit for bit what
   vx_scorer_score gives. Not for a map at input resolution by a measure that reads its heat. `view` may be NULL where
   no measure asks the model. */
vx_score_outcome vx_scorer_measure(vx_scorer *scorer, const vx_method *method, const vx_evaluation *stored,
                                   const vx_view *view, uint64_t metrics, vx_result *result, vx_evaluation *evaluation,
                                   vx_error *error);

/* Threshold, counts and scores of a cut into an evaluation. */
void vx_score_cut(const vx_cut *cut, const vx_scoring *scoring, vx_evaluation *evaluation);

#endif
