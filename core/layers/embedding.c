/* The patch embedding of one sample. */
#include "core/elementary.h"
#include "core/layers.h"

#include <string.h>

void vx_cut_patches(const vx_shape *s, const double *x, real *patches) {
  size_t side = (size_t)s->image, p = (size_t)s->patch, grid = (size_t)s->grid;
  for (size_t patch = 0; patch < grid * grid; patch++)
    for (size_t c = 0; c < 3; c++)
      for (size_t y = 0; y < p; y++, patches += p) {
        const double *from = x + (c * side + patch / grid * p + y) * side + patch % grid * p;
        for (size_t i = 0; i < p; i++) patches[i] = (real)from[i];
      }
}

void vx_embed(const vx_model *m, int n, const int *place, const real *embedded, real *tokens) {
  size_t d = (size_t)m->shape.dim, leading = (size_t)m->shape.leading;
  for (size_t i = 0; i < leading * d; i++) tokens[i] = (real)m->leading[i] + (real)m->position[i];
  for (size_t t = leading; t < (size_t)n; t++) {
    size_t patch = (size_t)place[t - leading];
    const float *position = m->position + (leading + patch) * d;
    for (size_t i = 0; i < d; i++) tokens[t * d + i] = embedded[patch * d + i] + (real)position[i];
  }
}

void vx_embed_back(const vx_shape *s, int n, const int *place, const real *d_patches, double *x) {
  size_t side = (size_t)s->image, p = (size_t)s->patch, grid = (size_t)s->grid, went = (size_t)(n - s->leading);
  if (went < grid * grid) memset(x, 0, 3 * side * side * sizeof *x);
  for (size_t t = 0; t < went; t++)
    for (size_t c = 0; c < 3; c++)
      for (size_t y = 0; y < p; y++, d_patches += p) {
        double *to = x + (c * side + (size_t)place[t] / grid * p + y) * side + (size_t)place[t] % grid * p;
        for (size_t i = 0; i < p; i++) to[i] = (double)d_patches[i];
      }
}

/* ---- relevance ----------------------------------------------------------------------------------------------------
 */

/* Per output of the patch embedding the sums of its positive and of its negative weights. */
static void signed_sums(const vx_linear *linear, double *positive, double *negative) {
  for (int o = 0; o < linear->out; o++) {
    positive[o] = negative[o] = 0;
    const float *w = linear->weight + (size_t)o * (size_t)linear->in;
    for (int i = 0; i < linear->in; i++)
      if (w[i] > 0)
        positive[o] += (double)w[i];
      else
        negative[o] += (double)w[i];
  }
}

/* Z = W x - W+ l - W- h + 1e-9 with l, h the smallest and largest input; R = x Wᵀs - l W+ᵀs - h W-ᵀs, s = R / Z. */
void vx_embed_relevance(const vx_model *m, const vx_linear_room *room, double *column, const real *patches,
                        const real *embedded, const real *relevance, double *pixels) {
  const vx_linear *linear = &m->patch;
  const vx_shape *s = &m->shape;
  size_t p = (size_t)s->patch, side = (size_t)s->image, grid = (size_t)s->grid;
  size_t rows = grid * grid, d = (size_t)s->dim, in = (size_t)linear->in;
  double low = (double)patches[0], high = low, *positive = column, *negative = column + d;
  for (size_t i = 0; i < rows * in; i++) {
    low = (double)patches[i] < low ? (double)patches[i] : low;
    high = (double)patches[i] > high ? (double)patches[i] : high;
  }
  signed_sums(linear, positive, negative);
  for (size_t r = 0; r < rows; r++)
    for (size_t o = 0; o < d; o++) {
      double z = (double)embedded[r * d + o] - (double)linear->bias[o] - positive[o] * low - negative[o] * high + 1e-9;
      room->z1[r * d + o] = (lin)((double)relevance[r * d + o] / z);
    }
  vx_part_back(VX_WHOLE, (int)rows, linear, room->z1, room->p1, room->tile);
  vx_part_back(VX_POSITIVE, (int)rows, linear, room->z1, room->p2, room->tile);
  vx_part_back(VX_NEGATIVE, (int)rows, linear, room->z1, room->x1, room->tile);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < 3; c++)
      for (size_t y = 0; y < p; y++) {
        double *to = pixels + (c * side + r / grid * p + y) * side + r % grid * p;
        for (size_t x = 0; x < p; x++) {
          size_t i = r * in + (c * p + y) * p + x;
          to[x] = (double)patches[i] * (double)room->p1[i] - low * (double)room->p2[i] - high * (double)room->x1[i];
        }
      }
}
