/* All that a method sees of one picture in front of the model: tensors asked for by the value that its needs named, the
   readout, and the model again on variants of the picture. A view belongs to its worker's thread. */
#ifndef VX_VIEW_H
#define VX_VIEW_H

#include <stdint.h>

#include "base/arena.h"
#include "core/needs.h"

/* One tensor of the view: layers want.first … want.last side by side. */
typedef struct vx_seen {
  vx_want want;
  const double *value; /* [last - first + 1][vx_site_size] */
} vx_seen;

/* A map that another method of this run has made for this picture. */
typedef struct vx_part {
  const double *map; /* [side][side] */
  int side;          /* grid or S */
} vx_part;

typedef struct vx_again vx_again;

typedef struct vx_view {
  const struct vx_shape *shape;
  int target;                /* class explained */
  const float *input;        /* [3][S][S]; NULL in a variant's view */
  const double *logits;      /* [C] */
  const double *head_weight; /* [d] of each part that the head reads, of the target class */
  const double *read;        /* [n] the readout's weights: vx_read_weights */
  const vx_seen *seen;       /* what the passes made */
  int seen_count;
  const vx_wants *allowed; /* what its needs named, where a method looks; NULL: all that was made */
  char *refused;           /* [VX_REFUSED_SIZE] "", or the first tensor asked for that is not allowed; may be NULL */

  const vx_again *again; /* NULL: nothing planned runs the model again */
  const float *noise;    /* [noise_count][3][S][S], already scaled: replaces a method's own draws; may be NULL */
  int noise_count;
  struct vx_answers *answers; /* what the model says without some cells (metrics/answers.h); NULL: nobody asks */
  const uint8_t *subsets;     /* [subset_count][grid²] replaces the draws of random subsets of patches; may be NULL */
  int subset_count;
  const float *road_noise; /* [road_noise_count][3][S][S], scaled: replaces noise on imputed pixels; may be NULL */
  int road_noise_count;
  const uint8_t *picture; /* [S][S][3], the resized picture */
  const float *prior;     /* [S][S], mean mask */
  const vx_part *parts;   /* of a mix */
  int part_count;
  uint64_t seed;     /* for methods that draw: depends on the run's seed and the picture's id only */
  vx_arena *scratch; /* reset after each method */
} vx_view;

enum { VX_REFUSED_SIZE = 120 };

/* One layer's tensor (layer 0 where the site has none), in double, as vx_site says. What was not named in needs() is
   refused: the values are NaN, and the method fails with the tensor's name. NULL only when scratch is out as well. */
const double *vx_at(const vx_view *view, vx_site site, vx_descent descent, int layer);

/* The same of the rows that the head reads: [H][n] of a matrix, [d] of tokens. */
const double *vx_rows_at(const vx_view *view, vx_site site, vx_descent descent, int layer);

/* Whether the passes made all of `asked`; the first that they did not goes to *missing. */
bool vx_view_covers(const vx_view *view, const vx_wants *asked, vx_want *missing);

/* The readout as weights over tokens [n]: e_0 for [CLS]; what a rollout starts from. */
const double *vx_read_weights(const vx_view *view);

/* The one token that the head reads; -1 when it reads several. */
int vx_read_token(const vx_view *view);

/* How much of a sample of n tokens the head reads: the first … tokens, in one part or two side by side. */
int vx_read_high(const struct vx_shape *shape, int n);
int vx_read_parts(const struct vx_shape *shape);

/* Whether it reads one, as a whole (weight 1): then the row read of anything made of matrices is made of their rows. */
bool vx_reads_one(const struct vx_shape *shape);

/* How many patches: grid * grid, fewer in the view of a variant that leaves some out. */
int vx_patch_count(const vx_view *view);

/* Where the patches begin in a row [n], or in tokens [n][width] with their width: the one place, with the next, that
   knows the leading tokens. */
const double *vx_patches(const vx_view *view, const double *row, int width);

/* heat [grid][grid] = the patches of a row [n]. */
void vx_patches_of_row(const vx_view *view, const double *row, double *heat);

/* ---- the model again ------------------------------------------------------------------------------------------- */

enum { VX_GROUP = 4 }; /* variants that go through the model together; a place in a group is part of a result's bits */

/* A picture that is not the picture. */
typedef struct vx_variant {
  double *x;     /* [3][S][S] to be filled */
  uint8_t *keep; /* [grid][grid] 1: the patch's token goes in; starts as all 1 */
} vx_variant;

/* run() runs `count` variants, for the same target and output, in groups that never mix two callers. `make` fills the
   index-th; `seen` gets what came of it, in order of the index, as a view with its logits and, when `descend`, the
   tensors that needs() asked for in `variants`. A view lives until `seen` returns.

   ask() tells the logits [C] of one variant and nothing else: forward only, by itself, the last block for the tokens
   that the head reads. They depend on the variant alone. x [3][S][S], NULL: the picture; keep [grid²], NULL: every
   patch. Each fails where the plan has none of its kind (needs: variant_count; answer_count, shared_count). */
struct vx_again {
  void *worker;
  const vx_wants *allowed; /* of the variants' views, as in vx_view */
  char *refused;
  bool (*run)(const vx_again *again, int count, bool descend, void (*make)(void *user, int index, vx_variant *variant),
              void (*seen)(void *user, int index, const vx_view *view), void *user, vx_error *error);
  bool (*ask)(const vx_again *again, const double *x, const uint8_t *keep, double *logits, vx_error *error);
};

#endif
