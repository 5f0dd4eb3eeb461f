/* The relevance pass (spec section 4, Relevance rules): layer-wise relevance propagation from one class to every
   attention map and on to the pixels. Chefer, Gur & Wolf 2021 (improved rules), Bach et al. 2015 (plain rules).

   Three compilations of relevance.c and rules.c share this header:
     single   values and products in single precision, over a single-precision trace
     mixed    values in double over a double-precision trace, the linear rules' products in single
     double   everything in double */
#ifndef VX_RELEVANCE_H
#define VX_RELEVANCE_H

#include "core/both.h"

typedef struct vx_relevance_room vx_relevance_room; /* scratch of one variant, made by its vx_relevance_room_new */

/* One of the passes that go down the model together. */
typedef struct vx_relevance_pass {
  vx_relevance_need need;
  double *attention; /* [L][H][n][n] receives the relevance of A (after the half) for layers >= need.lowest */
  double *pixels;    /* [S][S] receives that of the picture, summed over channels, when need.to_pixels */
} vx_relevance_pass;

/* Room for `passes` passes at a time; NULL: out of memory. */
vx_relevance_room *vx_relevance_room_new_single(const vx_model *model, int passes);
vx_relevance_room *vx_relevance_room_new_mixed(const vx_model *model, int passes);
vx_relevance_room *vx_relevance_room_new_double(const vx_model *model, int passes);

/* `count` passes of one picture and class, block by block side by side: what one of them has computed of a block and
   another needs is made once. False when a value is not finite: the error names the layer. */
bool vx_relevance_passes_single(vx_relevance_room *room, const vx_trace_single *trace, int count,
                                const vx_relevance_pass *pass, int target, vx_error *error);
bool vx_relevance_passes_mixed(vx_relevance_room *room, const vx_trace_double *trace, int count,
                               const vx_relevance_pass *pass, int target, vx_error *error);
bool vx_relevance_passes_double(vx_relevance_room *room, const vx_trace_double *trace, int count,
                                const vx_relevance_pass *pass, int target, vx_error *error);
size_t vx_relevance_room_bytes_single(const vx_relevance_room *room);
size_t vx_relevance_room_bytes_mixed(const vx_relevance_room *room);
size_t vx_relevance_room_bytes_double(const vx_relevance_room *room);
void vx_relevance_room_free_single(vx_relevance_room *room);
void vx_relevance_room_free_mixed(vx_relevance_room *room);
void vx_relevance_room_free_double(vx_relevance_room *room);

/* Called after each sum rule of a pass, for tests of conservation: layer, which of the two sums of the block
   (0: the MLP's, 1: the attention's), relevance before and in both branches after. */
typedef void (*vx_relevance_probe)(void *user, int layer, int which, double before, double after);
void vx_relevance_set_probe_double(vx_relevance_room *room, vx_relevance_probe probe, void *user);

#endif
