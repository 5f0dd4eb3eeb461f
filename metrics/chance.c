#include "metrics/chance.h"

#include <math.h>

enum { EXACT_TERMS = 256 };

/* log of the binomial coefficient */
static double log_choose(double n, double k) {
  return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* Sum over all overlaps t of P(t) * t / (truth + mask - t). */
static double exact(double all, double truth, double mask, double low, double high) {
  double total = log_choose(all, mask), sum = 0;
  for (double t = low; t <= high; t++) {
    double p = exp(log_choose(truth, t) + log_choose(all - truth, mask - t) - total);
    sum += p * t / (truth + mask - t);
  }
  return sum;
}

double vx_chance_iou(double all, double truth, double mask) {
  if (!(all > 0) || !(truth >= 0 && truth <= all) || !(mask >= 0 && mask <= all)) return NAN;
  double both = truth + mask;
  if (both == 0) return 1;
  double low = fmax(0, both - all), high = fmin(truth, mask);
  if (low == high) return low / (both - low);
  if (high - low < EXACT_TERMS) return exact(all, truth, mask, low, high);
  double mean = truth * mask / all;
  double variance = mean * (all - truth) / all * (all - mask) / (all - 1);
  double rest = both - mean;
  return mean / rest + variance * both / (rest * rest * rest); /* f(t) = t/(both - t), f'' = 2 both/(both - t)^3 */
}
