/* Ways down through the model. A descent starts at the output and passes the blocks from the top; at the sites that are
   wanted what it carries is recorded. Each kind is a file in core/descents/ and a line in core/descents.h; all that are
   planned go down together, block by block, so that a block's weights are read from memory once. */
#ifndef VX_DESCEND_H
#define VX_DESCEND_H

#include "core/model.h"
#include "core/real.h"

typedef struct vx_trace vx_trace;
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
  const vx_way *way; /* NULL: a value of the forward pass */
  double *value;     /* [batch][stride]: layers want.first … want.last of each sample; NULL: lies in the trace */
  size_t stride;
} vx_slot;

/* Scratch of a block, for any descent; nothing stays in it. */
typedef struct vx_room {
  real *branch, *inner, *context; /* [rows][d] */
  real *hidden;                   /* [rows][mlp] */
  real *qkv;                      /* [rows][3d] */
  real *map;                      /* [H][n][n] of one sample */
  real *scores;                   /* [n][n], at least [C] and [d] */
} vx_room;

typedef struct vx_ways {
  int count, slots;
  vx_way way[VX_WANTS_MAX];
  vx_slot slot[VX_WANTS_MAX];
  vx_room room;
} vx_ways;

/* From wants to ways and slots, without memory; a want that nothing makes is refused by name. */
bool vx_ways_plan(vx_ways *ways, const vx_shape *shape, const vx_wants *wants, vx_error *error);

/* Their memory; false: out of it. */
bool vx_ways_room(vx_trace *trace);

/* All of them, of the samples last sent forward. False when a value is not finite: the error names the layer. */
bool vx_descend(vx_trace *trace, const vx_start *start, vx_error *error);

/* Where a sample's layers of a slot are shown, side by side. */
const double *vx_shown(const vx_trace *trace, const vx_slot *slot, int sample);

/* Whether mixed precision makes it over a double trace. */
bool vx_in_double(const vx_want *want);

/* ---- for descents ---------------------------------------------------------------------------------------------------
 */

/* Whether something is wanted below A of this layer. */
bool vx_goes_below(const vx_trace *trace, const vx_way *way, int layer);

/* What arrives at a site: the first `high` rows of [n][width] (of each head, where the site has heads), rows `stride`
   apart, zero beyond. Looks whether it is finite, and shows it where it is wanted. */
bool vx_record(vx_trace *trace, const vx_way *way, vx_site site, int layer, int sample, const real *value, int stride,
               int high, vx_error *error);

/* Where a sample's tensor is shown in double; NULL: not wanted. */
double *vx_place(const vx_trace *trace, const vx_way *way, vx_site site, int layer, int sample);

/* Parts of the gradient that several share (backward.c). At the `top` the rows are those that the head reads of each
   sample, one sample's below the other's; else all. */

/* g [rows][d]: gradient of sum(seed * logits) at the last block's output, at the top. */
void vx_head_back(vx_trace *trace, const double *seed, real *g);

/* to = g + gradient through the MLP of g, [rows][d]; to may be g. */
void vx_mlp_back(vx_trace *trace, int layer, bool top, const real *g, real *to);

#endif
