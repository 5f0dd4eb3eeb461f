/* The head: what it reads of the tokens, and the product with its weights. Its relevance is the linear rule's. */
#include "core/elementary.h"
#include "core/layers.h"

#include <string.h>

void vx_read(const vx_shape *s, int n, int width, int stride, const real *rows, real *out) {
  for (int t = 0; t < vx_read_high(s, n); t++, rows += stride) {
    real weight = (real)vx_read_weight(s, n, t);
    for (int i = 0; i < width; i++) out[i] = t ? out[i] + weight * rows[i] : weight * rows[i];
  }
}

void vx_classify(const vx_linear *head, const real *read, real *logits) {
  size_t d = (size_t)head->in;
  for (int c = 0; c < head->out; c++) {
    real logit = 0;
    for (size_t i = 0; i < d; i++) logit += read[i] * (real)head->weight[(size_t)c * d + i];
    logits[c] = logit + (real)head->bias[c];
  }
}

void vx_classify_back(const vx_linear *head, const double *seed, real *d_read) {
  size_t d = (size_t)head->in;
  memset(d_read, 0, d * sizeof(real));
  for (int c = 0; c < head->out; c++) {
    real weight = (real)seed[c];
    if (weight != 0)
      for (size_t i = 0; i < d; i++) d_read[i] += weight * (real)head->weight[(size_t)c * d + i];
  }
}
