/* The order of operations is that of getThreshVal_Otsu_8u in OpenCV's modules/imgproc/src/thresh.cpp (4.6.0):
   ties between splits are decided by its rounding. */
#include "metrics/otsu.h"

#include <float.h>

int vx_otsu(const uint32_t histogram[256]) {
  double pixels = 0, mean = 0;
  for (int i = 0; i < 256; i++) {
    pixels += histogram[i];
    mean += i * (double)histogram[i];
  }
  if (pixels == 0) return 0;
  const double scale = 1.0 / pixels;
  mean *= scale;
  double mean1 = 0, q1 = 0, largest = 0; /* of the class 0..i: mean, mass; the largest variance so far */
  int threshold = 0;
  for (int i = 0; i < 256; i++) {
    double p = histogram[i] * scale;
    mean1 *= q1;
    q1 += p;
    double q2 = 1.0 - q1;
    double smaller = q1 < q2 ? q1 : q2, larger = q1 < q2 ? q2 : q1;
    if (smaller < (double)FLT_EPSILON || larger > 1.0 - (double)FLT_EPSILON) continue;
    mean1 = (mean1 + i * p) / q1;
    double mean2 = (mean - q1 * mean1) / q2;
    double variance = q1 * q2 * (mean1 - mean2) * (mean1 - mean2);
    if (variance > largest) {
      largest = variance;
      threshold = i;
    }
  }
  return threshold;
}
