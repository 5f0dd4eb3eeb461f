#include "harness/data/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/data/jpeg.h"
#include "harness/data/png.h"

bool vx_picture_check(uint64_t width, uint64_t height, const char *name, vx_error *error) {
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX || width > VX_PICTURE_PIXELS / height)
    return vx_fail(error, name, "is %llu x %llu pixels, expected between 1 and %llu in all", (unsigned long long)width,
                   (unsigned long long)height, (unsigned long long)VX_PICTURE_PIXELS);
  return true;
}

bool vx_picture_decode(const uint8_t *data, size_t size, const char *name, vx_picture *picture, vx_error *error) {
  static const uint8_t jpeg[] = {0xff, 0xd8}, png[] = {0x89, 'P', 'N', 'G'};
  *picture = (vx_picture){0};
  if (size >= sizeof jpeg && !memcmp(data, jpeg, sizeof jpeg)) return vx_jpeg_decode(data, size, name, picture, error);
  if (size >= sizeof png && !memcmp(data, png, sizeof png))
    return vx_png_decode(data, size, name, VX_PNG_RGB, &picture->width, &picture->height, &picture->rgb, error);
  if (size == 0) return vx_fail(error, name, "is empty, expected a JPEG or PNG picture");
  return vx_fail(error, name, "is neither JPEG nor PNG: it begins with byte 0x%02x", data[0]);
}

bool vx_picture_read(const char *path, vx_picture *picture, vx_error *error) {
  vx_file file;
  *picture = (vx_picture){0};
  if (!vx_file_read(path, VX_PICTURE_BYTES, &file, error)) return false;
  bool ok = vx_picture_decode(file.data, file.size, path, picture, error);
  vx_file_free(&file);
  return ok;
}

void vx_picture_free(vx_picture *picture) {
  free(picture->rgb);
  *picture = (vx_picture){0};
}
