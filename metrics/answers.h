/* What does the model say of the picture without these cells? Each question is asked once, whoever asks.

   The answers belong to one picture in front of one worker: a memo from (how cells are removed, which are) to the
   logits. The full and the empty picture, variants that two measures or two methods share, single deletions that are a
   method as well: all are one mechanism. An answer depends on the variant only, never on what was asked before or
   beside it. The picture itself is never a variant: its answer is the run's own prediction.

   A view carries them (vx_view.answers); they belong to its thread. Where nothing is removed but what the results file
   already knows (vx_answers_add), the view needs no model: shape, target and seed are enough. */
#ifndef VX_ANSWERS_H
#define VX_ANSWERS_H

#include "core/vx.h"
#include "metrics/remove.h"

typedef struct vx_answers vx_answers;

/* Without any answer; black [3] is what a black pixel is for the model, (0 - mean)/std a channel. The shape stays the
   model's. NULL: memory is out. */
vx_answers *vx_answers_new(const vx_shape *shape, const double black[3], vx_error *error);
void vx_answers_free(vx_answers *answers);

/* Forgets everything: another picture, explained for class `target`. Keeps the memory. */
void vx_answers_start(vx_answers *answers, int target);

size_t vx_answers_bytes(const vx_answers *answers);

/* ---- one question ------------------------------------------------------------------------------------------------ */

typedef struct vx_removal {
  vx_remove remove;
  vx_unit unit;
  const uint8_t *gone; /* [grid²] patches or [S²] pixels in row order, 1: removed */
  double noise;        /* sigma of normal noise on what is removed (unit pixel); 0: none */
  int draw;            /* which noise: the picture's own, not the map's */
} vx_removal;

/* Of the view's target: */
typedef struct vx_reply {
  double probability, logit;
} vx_reply;

/* False when the model fails on the variant, when drop is asked of pixels, or when nothing planned asks the model. */
bool vx_answers_ask(const vx_view *view, const vx_removal *removal, vx_reply *reply, vx_error *error);

/* The same as logits [C], good until the next picture; NULL on failure. */
const double *vx_answers_logits(const vx_view *view, const vx_removal *removal, vx_error *error);

/* How probable a class is by these logits [C]: softmax, or a sigmoid where each class stands for itself. */
double vx_probability_of(const vx_shape *shape, const double *logits, int target);

/* The view's picture as it is: the run's prediction. */
bool vx_answers_whole(const vx_view *view, vx_reply *reply, vx_error *error);

/* ---- questions that no map decides: kept in the results file ----------------------------------------------------- */

typedef enum vx_shared_kind {
  VX_SHARED_WHOLE,  /* the picture as it is */
  VX_SHARED_CELL,   /* without cell `place` of size x size patches, in row order */
  VX_SHARED_SUBSET, /* without random subset `place` of `size` patches */
  VX_SHARED_KINDS
} vx_shared_kind;

typedef struct vx_shared_key {
  vx_shared_kind kind;
  vx_remove remove; /* VX_REMOVE_DROP of the whole */
  int size, place;  /* 0 of the whole */
} vx_shared_key;

/* An answer with what it is the answer to; `target` is the class explained, `second` the picture's most probable other
   one. Another class' view is answered from it too, where that is enough. */
typedef struct vx_shared {
  vx_shared_key key;
  int target, second; /* classes; second -1: the model has one class only */
  double probability, logit, second_logit;
} vx_shared;

/* The answer to a shared question; from then on it is among vx_answers_kept. */
bool vx_answers_shared(const vx_view *view, const vx_shared_key *key, vx_reply *reply, vx_error *error);

/* gone [grid²]: the patches of a shared question; subsets depend on the view's seed, or are those given with it
   (vx_view.subsets). */
bool vx_answers_gone(const vx_view *view, const vx_shared_key *key, uint8_t *gone, vx_error *error);

/* Puts in what the results file knows of this picture: it is not asked again. */
bool vx_answers_add(const vx_view *view, const vx_shared *shared, vx_error *error);

/* All shared answers that were asked or put in, each once, in the order in which they came; good until the next
   question. */
const vx_shared *vx_answers_kept(const vx_answers *answers, int *count);

#endif
