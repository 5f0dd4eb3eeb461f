/* Otsu's threshold (1979), exactly as OpenCV computes it for 8-bit pictures. */
#ifndef VX_OTSU_H
#define VX_OTSU_H

#include <stdint.h>

/* The threshold t of histogram [256]: the first maximum of the between-class variance, so that the mask is u > t.
   Classes of a mass below FLT_EPSILON are skipped. One value only, or no pixel at all: 0. */
int vx_otsu(const uint32_t histogram[256]);

#endif
