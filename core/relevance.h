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

/* `attention` [L][H][n][n] receives the relevance of A (after the half) for layers >= need->lowest; `pixels` [S][S]
   that of the picture, summed over channels, when need->to_pixels. False when a value is not finite: the error names
   the layer. */
vx_relevance_room *vx_relevance_room_new_single(const vx_model *model);
vx_relevance_room *vx_relevance_room_new_mixed(const vx_model *model);
vx_relevance_room *vx_relevance_room_new_double(const vx_model *model);
bool vx_relevance_pass_single(vx_relevance_room *room, const vx_trace_single *trace, const vx_relevance_need *need,
                              int target, double *attention, double *pixels, vx_error *error);
bool vx_relevance_pass_mixed(vx_relevance_room *room, const vx_trace_double *trace, const vx_relevance_need *need,
                             int target, double *attention, double *pixels, vx_error *error);
bool vx_relevance_pass_double(vx_relevance_room *room, const vx_trace_double *trace, const vx_relevance_need *need,
                              int target, double *attention, double *pixels, vx_error *error);
size_t vx_relevance_room_bytes_single(const vx_relevance_room *room);
size_t vx_relevance_room_bytes_mixed(const vx_relevance_room *room);
size_t vx_relevance_room_bytes_double(const vx_relevance_room *room);
void vx_relevance_room_free_single(vx_relevance_room *room);
void vx_relevance_room_free_mixed(vx_relevance_room *room);
void vx_relevance_room_free_double(vx_relevance_room *room);

/* For a room that makes both rule sets' passes of a picture, plain before improved: what the plain pass has computed
   of an improved one is kept. vx_relevance_begin forgets it: to be called for every picture. False: out of memory. */
bool vx_relevance_share_single(vx_relevance_room *room);
bool vx_relevance_share_mixed(vx_relevance_room *room);
bool vx_relevance_share_double(vx_relevance_room *room);
void vx_relevance_begin_single(vx_relevance_room *room);
void vx_relevance_begin_mixed(vx_relevance_room *room);
void vx_relevance_begin_double(vx_relevance_room *room);

/* Called after each sum rule of a pass, for tests of conservation: layer, which of the two sums of the block
   (0: the MLP's, 1: the attention's), relevance before and in both branches after. */
typedef void (*vx_relevance_probe)(void *user, int layer, int which, double before, double after);
void vx_relevance_set_probe_double(vx_relevance_room *room, vx_relevance_probe probe, void *user);

#endif
