/* A picture in front of a model, the line from the picture to its maps: shown, predicted, asked, mapped. Everything
   that explains stands on it: runs, the noise floors, `vitx explain`, attention, tensors. It owns the worker.

   One subject a thread; model and methods are shared and only read. */
#ifndef VX_SUBJECT_H
#define VX_SUBJECT_H

#include "harness/data/input.h"
#include "harness/run/plan.h"
#include "harness/run/to_size.h"

/* What one wants to know of the picture, and what data it brings. */
typedef struct vx_question {
  int target; /* class explained */
  vx_output output;
  uint64_t seed;      /* of methods that draw: vx_subject_seed */
  const float *prior; /* [S][S] mean mask of the picture's class; NULL: there is none */
  const float *noise; /* [noise_count][3][S][S], already scaled: replaces a method's own draws; may be NULL */
  int noise_count;
  const uint8_t *subsets; /* [subset_count][grid²] replaces the draws of random subsets of patches; may be NULL */
  int subset_count;
  const float *road_noise; /* [road_noise_count][3][S][S], scaled: replaces noise on imputed pixels; may be NULL */
  int road_noise_count;
} vx_question;

typedef struct vx_subject vx_subject;

/* All memory for the plan is taken here. The plan and the input are copied; the plan's methods stay the caller's. */
vx_subject *vx_subject_new(const vx_model *model, const vx_plan *plan, const vx_input_options *input,
                           vx_precision precision, vx_error *error);
void vx_subject_free(vx_subject *subject);
const vx_shape *vx_subject_shape(const vx_subject *subject);

/* Shows a picture: makes the input of it. Or shows an input x [3][S][S] itself, of the picture rgb [S][S][3] (NULL: of
   none); both stay the caller's and have to last until another is shown. */
bool vx_subject_show(vx_subject *subject, const vx_picture *picture, vx_error *error);
void vx_subject_show_input(vx_subject *subject, const float *x, const uint8_t *rgb);
const float *vx_subject_input(const vx_subject *subject);
const uint8_t *vx_subject_rgb(const vx_subject *subject);

/* The forward pass of what is shown; then the classes' probabilities [C], and the best of them into `top`: how many. */
bool vx_subject_predict(vx_subject *subject, vx_error *error);
const double *vx_subject_probability(const vx_subject *subject);
int vx_subject_top(const vx_subject *subject, vx_top top[VX_TOP]);

/* The passes of one question about what was predicted. The view is valid until the next one; NULL on failure. */
const vx_view *vx_subject_ask(vx_subject *subject, const vx_question *question, vx_error *error);

/* The map of the plan's `method` in answer to the question, valid until the next one; parts of a mix are made when they
   are not there. A method whose needs the question does not bring (picture, prior) is refused (vx_explainer_run). */
bool vx_subject_map(vx_subject *subject, int method, vx_heatmap *map, vx_error *error);

/* How long the method's own work took, its parts' work not counted. */
double vx_subject_milliseconds(const vx_subject *subject, int method);

/* The seed of a picture's draws: depends on the run's seed and the picture's name only. */
uint64_t vx_subject_seed(uint64_t seed, const char *name);

#endif
