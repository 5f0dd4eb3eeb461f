/* The activations of the family. Two of them are h sigmoid(u), u = a h + b h^3: GELU's tanh form, for which
   (1 + tanh(z)) / 2 = sigmoid(2 z), and QuickGELU. */
#include "core/elementary.h"
#include "core/layers.h"

typedef struct cubic {
  real a, b;
} cubic;

static cubic of_kind(vx_activation kind) {
  const double a = 2 * 0.79788456080286535588; /* 2 sqrt(2 / pi) */
  return kind == VX_GELU_TANH ? (cubic){(real)a, (real)(a * 0.044715)} : (cubic){(real)1.702, 0};
}

VX_INLINE real sigmoid(cubic u, real h) {
  return 1 / (1 + vx_exp(-(u.a * h + u.b * h * h * h)));
}

VX_CLONES static void gelu(int width, const float *restrict bias, real *restrict hidden, real *restrict active) {
  for (int i = 0; i < width; i++) {
    real h = hidden[i] + (real)bias[i];
    hidden[i] = h;
    active[i] = h * vx_normal_at(h).cdf;
  }
}

VX_CLONES static void sigmoidal(cubic u, int width, const float *restrict bias, real *restrict hidden,
                                real *restrict active) {
  for (int i = 0; i < width; i++) {
    real h = hidden[i] + (real)bias[i];
    hidden[i] = h;
    active[i] = h * sigmoid(u, h);
  }
}

static void relu(int width, const float *restrict bias, real *restrict hidden, real *restrict active) {
  for (int i = 0; i < width; i++) {
    real h = hidden[i] + (real)bias[i];
    hidden[i] = h;
    active[i] = h < 0 ? 0 : h; /* NaN stays */
  }
}

void vx_bias_activate(vx_activation kind, int rows, int width, const float *bias, real *hidden, real *active) {
  cubic u = of_kind(kind);
  for (int r = 0; r < rows; r++, hidden += width, active += width)
    if (kind == VX_GELU)
      gelu(width, bias, hidden, active);
    else if (kind == VX_RELU)
      relu(width, bias, hidden, active);
    else
      sigmoidal(u, width, bias, hidden, active);
}

VX_CLONES static void gelu_back(size_t count, const real *restrict hidden, real *restrict g) {
  for (size_t i = 0; i < count; i++) {
    vx_normal normal = vx_normal_at(hidden[i]);
    g[i] *= normal.cdf + hidden[i] * normal.density;
  }
}

VX_CLONES static void sigmoidal_back(cubic u, size_t count, const real *restrict hidden, real *restrict g) {
  for (size_t i = 0; i < count; i++) {
    real h = hidden[i], s = sigmoid(u, h);
    g[i] *= s + h * s * (1 - s) * (u.a + 3 * u.b * h * h);
  }
}

void vx_activate_back(vx_activation kind, size_t count, const real *hidden, real *g) {
  if (kind == VX_GELU) gelu_back(count, hidden, g);
  if (kind == VX_GELU_TANH || kind == VX_QUICK_GELU) sigmoidal_back(of_kind(kind), count, hidden, g);
  for (size_t i = 0; kind == VX_RELU && i < count; i++) g[i] *= hidden[i] > 0;
}
