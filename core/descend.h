/* Ways down through the model. A descent starts at the output and passes the blocks from the top; at the sites that are
   wanted what it carries is recorded. Each kind is a file in core/descents/ and a line in core/descents.h; all that are
   planned go down together, block by block, so that a block's weights are read from memory once. */
#ifndef VX_DESCEND_H
#define VX_DESCEND_H

#include "core/trace.h"

/* From wants to ways and slots, without memory; a want that nothing makes is refused by name. */
bool vx_ways_plan(vx_ways *ways, const vx_shape *shape, const vx_wants *wants, vx_error *error);

/* The memory of the trace's ways and slots; false: out of it. */
bool vx_ways_take(vx_trace *trace);

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
double *vx_slot_at(const vx_trace *trace, const vx_way *way, vx_site site, int layer, int sample);

/* Parts of the gradient that several share (backward.c). At the `top` the rows are those that the head reads of each
   sample, one sample's below the other's; else all. */

/* g [rows][d]: gradient of sum(seed * logits) at the last block's output, at the top. */
void vx_head_back(vx_trace *trace, const double *seed, real *g);

/* to = g + gradient through the MLP of g, [rows][d]; to may be g. */
void vx_mlp_back(vx_trace *trace, int layer, bool top, const real *g, real *to);

#endif
