/* The head: what it reads of the tokens, and the product with its weights. Its relevance is the linear rule's, over all
   that it reads; then each part is a sum of its tokens, and relevance goes to its terms. */
#include "core/elementary.h"
#include "core/layers.h"

#include <string.h>

/* out [width] = sum of weight * row; `part` VX_ROWS_READ: of r. */
void vx_read(const vx_shape *s, int n, int part, int width, int stride, const real *rows, real *out) {
  if (n == 0) memset(out, 0, (size_t)width * sizeof *out); /* the mean of no patch, in a model without other tokens */
  for (int t = 0; t < vx_read_high(s, n); t++, rows += stride) {
    real weight = (real)(part == VX_ROWS_READ ? vx_read_weight(s, n, t) : vx_part_weight(s, n, part, t));
    for (int i = 0; i < width; i++) out[i] = t ? out[i] + weight * rows[i] : weight * rows[i];
  }
}

void vx_read_back(const vx_shape *s, int n, const real *d_read, real *d_tokens) {
  size_t d = (size_t)s->dim;
  for (int t = 0; t < vx_read_high(s, n); t++, d_tokens += d)
    for (int part = 0; part < vx_read_parts(s); part++) {
      real weight = (real)vx_part_weight(s, n, part, t);
      const real *from = d_read + (size_t)part * d;
      for (size_t i = 0; i < d; i++) d_tokens[i] = part ? d_tokens[i] + weight * from[i] : weight * from[i];
    }
}

void vx_read_relevance(const vx_shape *s, const vx_lrp *lrp, int n, const real *tokens, const real *read,
                       const real *relevance, real *to) {
  size_t d = (size_t)s->dim;
  for (int part = 0; part < vx_read_parts(s); part++, read += d, relevance += d) {
    real floor = vx_floor(lrp->stabilizer, d, read);
    for (int t = 0; t < vx_read_high(s, n); t++) {
      real weight = (real)vx_part_weight(s, n, part, t);
      const real *z = tokens + (size_t)t * d;
      real *out = to + (size_t)t * d;
      for (size_t i = 0; i < d; i++) {
        real share = weight * z[i] * vx_safe(relevance[i], read[i], floor);
        out[i] = part ? out[i] + share : share;
      }
    }
  }
}

/* A weight of the head as a pass in this precision has it. */
VX_INLINE real weight_at(const vx_linear *head, size_t i) {
  real weight = (real)head->weight[i];
  return head->rest && sizeof(real) == sizeof(double) ? weight + (real)head->rest[i] : weight;
}

void vx_classify(const vx_linear *head, const real *read, real *logits) {
  size_t in = (size_t)head->in;
  for (int c = 0; c < head->out; c++) {
    real logit = 0;
    for (size_t i = 0; i < in; i++) logit += read[i] * weight_at(head, (size_t)c * in + i);
    logits[c] = logit + (real)head->bias[c];
    if (head->rest && sizeof(real) == sizeof(double)) logits[c] += (real)head->rest_bias[c];
  }
}

void vx_classify_back(const vx_linear *head, const double *seed, real *d_read) {
  size_t in = (size_t)head->in;
  memset(d_read, 0, in * sizeof(real));
  for (int c = 0; c < head->out; c++) {
    real weight = (real)seed[c];
    if (weight != 0)
      for (size_t i = 0; i < in; i++) d_read[i] += weight * weight_at(head, (size_t)c * in + i);
  }
}
