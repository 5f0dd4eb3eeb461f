/* The memory of a few pictures on their way through the model: what the forward pass leaves behind for those who read
   it, and what goes down again (descend.h). Compiled for one precision (real.h).

   A trace holds up to VX_GROUP samples, variants of one picture, each with its own n tokens: the leading ones and the
   patches that are kept. The rows of all samples lie one below the other in [rows][…]; each sample's maps begin at
   [H][n][n] of the whole picture, so that every sample has its place whatever the others keep. */
#ifndef VX_TRACE_H
#define VX_TRACE_H

#include "core/layers.h"

/* What a block leaves behind, one line a tensor: its name, what it has one of (rows, or maps: the heads of all samples)
   and how many numbers in each. It is kept of the layers that somebody reads; all others share memory. */
#define VX_ACTIVATIONS(TENSOR)                                                                                         \
  TENSOR(x, rows, d)            /* input of the block */                                                               \
  TENSOR(norm1, rows, d)        /* LN1 x */                                                                            \
  TENSOR(scale1, rows, 2)       /* mean and 1 / standard deviation of LN1 */                                           \
  TENSOR(qkv, rows, 3 * d)      /* with bias, q and k normed where the model norms them … */                         \
  TENSOR(raw, rows, qk)         /* … and, only then, what they were, [2d], … */                                    \
  TENSOR(scale_qk, rows, ends)  /* … mean and 1 / standard deviation of each head's, [2][H][2] */                    \
  TENSOR(scores, maps, kept *n) /* S [H][kept][n] of the first `kept` tokens */                                        \
  TENSOR(attention, maps, n *n) /* A [H][n][n] */                                                                      \
  TENSOR(context, rows, d)      /* A V, heads side by side */                                                          \
  TENSOR(projected, rows, d)    /* Wo context + bo */                                                                  \
  TENSOR(middle, rows, d)       /* x1 = x + projected */                                                               \
  TENSOR(norm2, rows, d)        /* LN2 x1 */                                                                           \
  TENSOR(scale2, rows, 2)       /* as scale1 */                                                                        \
  TENSOR(hidden, rows, m)       /* W1 norm2 + b1 */                                                                    \
  TENSOR(active, rows, m)       /* the activation of it */                                                             \
  TENSOR(mlp, rows, d)          /* W2 active + b2 */

/* Widths in the list, of a model's shape. */
static inline size_t vx_raw_width(const vx_shape *s) {
  return s->qk_norm ? 2 * (size_t)s->dim : 0;
}

static inline size_t vx_scale_qk_width(const vx_shape *s) {
  return s->qk_norm ? 4 * (size_t)s->heads : 0;
}

#define VX_ACTIVATION_ID(name, unit, width) VX_ACTIVATION_##name,
#define VX_ACTIVATION_FIELD(name, unit, width) real *name;
enum { VX_ACTIVATIONS(VX_ACTIVATION_ID) VX_ACTIVATION_COUNT };
typedef union vx_layer {
  struct {
    VX_ACTIVATIONS(VX_ACTIVATION_FIELD)
  };
  real *tensor[VX_ACTIVATION_COUNT];
} vx_layer;
#undef VX_ACTIVATION_ID
#undef VX_ACTIVATION_FIELD

#define VX_READS(name) (1u << VX_ACTIVATION_##name) /* for vx_descent_kind.reads */

/* What of a block's activations a site shows; -1: none. */
static inline int vx_activation_at(vx_site site) {
  static const int activation[VX_SITES] = {
      [VX_AT_INPUT] = -1,
      [VX_AT_STREAM] = VX_ACTIVATION_x,
      [VX_AT_NORM1] = VX_ACTIVATION_norm1,
      [VX_AT_SCORES] = VX_ACTIVATION_scores,
      [VX_AT_ATTENTION] = VX_ACTIVATION_attention,
      [VX_AT_VALUES] = VX_ACTIVATION_qkv, /* its last third */
      [VX_AT_CONTEXT] = VX_ACTIVATION_context,
      [VX_AT_TOKENS] = -1,
  };
  return activation[site];
}

/* ---- what goes down again (descend.h) --------------------------------------------------------------------------- */

typedef struct vx_way vx_way;

/* What the descent starts from: of each sample the derivative of the output with respect to its logits. */
typedef struct vx_start {
  const double *seed; /* [count][C] */
  int target;         /* the class */
} vx_start;

/* One kind of descent. Functions but take() are called for all samples of the trace. */
typedef struct vx_descent_kind {
  const char *what; /* "gradient", for errors */
  unsigned sites;   /* where it can be read: bits 1 << vx_site */
  unsigned reads;   /* what it reads of every layer that it enters: bits VX_READS(name), trace.h */
  bool in_double;   /* in mixed precision made over the double trace, unless it has a parameter (its stabilizer) */
  bool (*take)(vx_trace *trace, vx_way *way);                         /* memory, once: way->state; false: out of it */
  void (*start)(vx_trace *trace, vx_way *way, const vx_start *start); /* at the head */
  bool (*block)(vx_trace *trace, vx_way *way, int layer, vx_error *error); /* from a block's output to its input */
  bool (*finish)(vx_trace *trace, vx_way *way, vx_error *error); /* from the first block's input to the picture */
} vx_descent_kind;

/* A descent that is planned. */
struct vx_way {
  const vx_descent_kind *kind;
  vx_descent descent;
  int lowest;    /* the lowest block it enters; L: none */
  bool to_input; /* on to the picture */
  void *state;   /* what goes from block to block, its kind's own */
};

/* A tensor that is wanted, in double. */
typedef struct vx_slot {
  vx_want want;
  int way;       /* of vx_ways.way; -1: a value of the forward pass */
  double *value; /* [batch][stride]: layers want.first … want.last of each sample; NULL: lies in the trace */
  size_t stride;
} vx_slot;

/* Scratch of a block, for any descent; nothing stays in it. */
typedef struct vx_room {
  real *branch, *inner, *context; /* [rows][d] */
  real *hidden;                   /* [rows][mlp] */
  real *qkv;                      /* [rows][3d] */
  real *map;                      /* [H][n][n] of one sample */
  real *scores;                   /* [n][n], at least [parts][d] */
} vx_room;

typedef struct vx_ways {
  int count, slots;
  vx_way way[VX_WANTS_MAX];
  vx_slot slot[VX_WANTS_MAX];
  vx_room room;
} vx_ways;

/* ---- the trace ------------------------------------------------------------------------------------------------------
 */

struct vx_trace {
  const vx_model *model;
  vx_arena *arena;
  int batch;       /* samples there is room for */
  bool read_top;   /* in the last block only the tokens that the head reads; of one sample */
  bool all_scores; /* scores are kept of every token, not only of those that the head reads */

  int count;                /* samples of the pass at hand */
  int first[VX_GROUP + 1];  /* their first rows, and the end */
  int *place;               /* [batch][grid²] the patch of each token after the leading ones */
  vx_layer *layer;          /* [L] */
  real *patches, *embedded; /* [batch][grid²][3PP]; [batch][grid²][d] with bias, before the position is added */
  real *stream,
      *scale_pre;        /* [rows][d], [rows][2]: before and of the norm before the first block; without it layer 0's x
                          */
  real *output, *tokens; /* [rows][d] of the last block, and what is read: its norm, or the same where fc_norm */
  real *scale;           /* [rows][2] of the last norm */
  real *pooled, *read;   /* [batch][parts][d] what is read of the tokens, and what the head gets: fc_norm of it, or the
                            same */
  real *logits;          /* [batch][C] */
  real *tile;            /* [VX_TILE_ROWS][widest] weights, converted */
  real *row;             /* [n or d] one row on its way into a view */
  bool shown;            /* what is wanted of the forward pass lies in its slots */
  vx_ways ways;
};

/* A trace for `batch` pictures that keeps what the planned ways and slots read. NULL: out of memory. */
vx_trace *vx_trace_new(const vx_model *model, int batch, const vx_ways *ways, bool read_top);
void vx_trace_free(vx_trace *trace);

/* a * b numbers of the trace's arena; false: out of memory. */
bool vx_trace_take(vx_trace *trace, real **to, size_t a, size_t b);

/* One sample's part of what a layer left behind. */
vx_layer vx_trace_layer(const vx_trace *trace, int layer, int sample);

/* Forward pass of `count` samples whose patches and places are in. False when a value is not finite: the error names
   the layer. */
bool vx_forward(vx_trace *trace, int count, vx_error *error);

static inline int vx_tokens_of(const vx_trace *trace, int sample) {
  return trace->first[sample + 1] - trace->first[sample];
}

/* How many tokens of a sample carry something at a block's output on the way down: all, but at the `top` those that the
   head reads; and where they begin when these rows of all samples lie one below the other. */
static inline int vx_high(const vx_trace *trace, bool top, int sample) {
  int n = vx_tokens_of(trace, sample);
  return top ? vx_read_high(&trace->model->shape, n) : n;
}

static inline size_t vx_row(const vx_trace *trace, bool top, int sample) {
  size_t row = (size_t)trace->first[sample];
  for (int b = 0; top && b < sample; b++) row -= (size_t)(vx_tokens_of(trace, b) - vx_high(trace, true, b));
  return row;
}

#endif
