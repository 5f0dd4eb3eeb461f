#include "harness/data/picture.h"

#include <stdlib.h>

bool vx_picture_check(uint64_t width, uint64_t height, const char *name, vx_error *error) {
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX || width > VX_PICTURE_PIXELS / height)
    return vx_fail(error, name, "is %llu x %llu pixels, expected between 1 and %llu in all", (unsigned long long)width,
                   (unsigned long long)height, (unsigned long long)VX_PICTURE_PIXELS);
  return true;
}

void vx_picture_free(vx_picture *picture) {
  free(picture->rgb);
  *picture = (vx_picture){0};
}
