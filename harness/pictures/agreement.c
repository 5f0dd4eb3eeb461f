#include "harness/pictures/agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/rank.h"

static bool has_opinion(const vx_drawn *drawn) {
  return drawn->made && !drawn->sized.heat.flat && !drawn->method->hidden &&
         drawn->method->explainer->family != VX_FAMILY_TRIVIAL;
}

/* Mean and standard deviation over methods, pixel by pixel; two passes, so that equal maps have spread 0. */
static void add_up(const vx_drawn *drawn, vx_agreement *a) {
  for (size_t p = 0; p < a->pixels; p++) {
    double sum = 0, squares = 0;
    for (int i = 0; i < a->count; i++) sum += drawn[a->index[i]].sized.heat.h[p];
    double mean = sum / a->count;
    for (int i = 0; i < a->count; i++) {
      double off = drawn[a->index[i]].sized.heat.h[p] - mean;
      squares += off * off;
    }
    a->mean[p] = mean;
    a->spread[p] = sqrt(squares / a->count);
    if (a->spread[p] > a->most) a->most = a->spread[p], a->most_at = p;
  }
}

static double mask_iou(const uint8_t *a, const uint8_t *b, size_t pixels) {
  size_t both = 0, any = 0;
  for (size_t p = 0; p < pixels; p++) both += a[p] & b[p], any += a[p] | b[p];
  return any ? (double)both / (double)any : 1;
}

/* Ranks of a map, less their mean, scaled to length 1: the product of two is Spearman's rho. All 0 without contrast. */
static bool unit_ranks(const double *h, size_t pixels, double *out, vx_error *error) {
  if (!vx_rank(h, pixels, out, NULL, error)) return false;
  double mean = 0.5 * (double)(pixels + 1), squares = 0;
  for (size_t p = 0; p < pixels; p++) {
    out[p] -= mean;
    squares += out[p] * out[p];
  }
  double scale = squares > 0 ? 1 / sqrt(squares) : 0;
  for (size_t p = 0; p < pixels; p++) out[p] *= scale;
  return true;
}

static double product(const double *a, const double *b, size_t pixels) {
  double sum = 0, squares = 0;
  for (size_t p = 0; p < pixels; p++) sum += a[p] * b[p], squares += fabs(a[p]) + fabs(b[p]);
  return squares > 0 ? fmax(-1, fmin(1, sum)) : NAN;
}

/* Ranks are taken of every step-th pixel where there are more than this. */
#define SAMPLED ((size_t)100000)

static bool compare_pairs(const vx_drawn *drawn, vx_agreement *a, vx_error *error) {
  size_t n = (size_t)a->count, step = (a->pixels + SAMPLED - 1) / SAMPLED, m = (a->pixels + step - 1) / step;
  double *ranks = malloc((n * m + m) * sizeof *ranks), *sample = ranks ? ranks + n * m : NULL;
  bool good = ranks || vx_fail(error, "agreement", "out of memory");
  for (size_t i = 0; good && i < n; i++) {
    for (size_t p = 0; p < m; p++) sample[p] = drawn[a->index[i]].sized.heat.h[p * step];
    good = unit_ranks(sample, m, ranks + i * m, error);
  }
  for (size_t i = 0; good && i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      double rho = i == j ? 1 : product(ranks + i * m, ranks + j * m, m);
      a->spearman[i * n + j] = a->spearman[j * n + i] = rho;
      a->iou[i * n + j] = a->iou[j * n + i] = mask_iou(drawn[a->index[i]].mask, drawn[a->index[j]].mask, a->pixels);
    }
  free(ranks);
  return good;
}

static void find_typical(vx_agreement *a) {
  a->nearest = a->furthest = -1;
  for (int i = 0; i < a->count; i++) {
    double sum = 0;
    int others = 0;
    for (int j = 0; j < a->count; j++) {
      double rho = a->spearman[i * a->count + j];
      if (j != i && !isnan(rho)) sum += rho, others++;
    }
    a->typical[i] = others ? sum / others : NAN;
    if (a->count < 3 || !others) continue;
    if (a->nearest < 0 || a->typical[i] > a->typical[a->nearest]) a->nearest = i;
    if (a->furthest < 0 || a->typical[i] < a->typical[a->furthest]) a->furthest = i;
  }
}

static bool take_memory(vx_agreement *a, size_t room) {
  a->mean = malloc((a->pixels + 1) * sizeof *a->mean);
  a->spread = malloc((a->pixels + 1) * sizeof *a->spread);
  a->spearman = malloc((room * room + 1) * sizeof *a->spearman);
  a->iou = malloc((room * room + 1) * sizeof *a->iou);
  a->typical = malloc((room + 1) * sizeof *a->typical);
  return a->mean && a->spread && a->spearman && a->iou && a->typical;
}

bool vx_agreement_make(const vx_drawn *drawn, int count, size_t pixels, vx_agreement *a, vx_error *error) {
  *a = (vx_agreement){.pixels = pixels, .nearest = -1, .furthest = -1};
  a->index = malloc(((size_t)count + 1) * sizeof *a->index);
  for (int i = 0; a->index && i < count; i++)
    if (has_opinion(&drawn[i])) a->index[a->count++] = i;
  if (!a->index || !take_memory(a, (size_t)a->count)) {
    vx_agreement_free(a);
    return vx_fail(error, "agreement", "out of memory");
  }
  if (a->count == 0) return true;
  add_up(drawn, a);
  if (!compare_pairs(drawn, a, error)) {
    vx_agreement_free(a);
    return false;
  }
  find_typical(a);
  return true;
}

void vx_agreement_free(vx_agreement *a) {
  free(a->index);
  free(a->mean);
  free(a->spread);
  free(a->spearman);
  free(a->iou);
  free(a->typical);
  memset(a, 0, sizeof *a);
  a->nearest = a->furthest = -1;
}

void vx_contrast(const vx_heat *heat, const vx_heat *against, size_t pixels, double *out) {
  for (size_t p = 0; p < pixels; p++) out[p] = heat->h[p] - against->h[p];
}
