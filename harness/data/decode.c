/* Which decoder a picture is for. */
#include <string.h>

#include "base/file.h"
#include "harness/data/jpeg.h"
#include "harness/data/picture.h"
#include "harness/data/png.h"

bool vx_picture_decode(const uint8_t *data, size_t size, const char *name, vx_picture *picture, vx_error *error) {
  static const uint8_t jpeg[] = {0xff, 0xd8}, png[] = {0x89, 'P', 'N', 'G'};
  *picture = (vx_picture){0};
  if (size >= sizeof jpeg && !memcmp(data, jpeg, sizeof jpeg)) return vx_jpeg_decode(data, size, name, picture, error);
  if (size >= sizeof png && !memcmp(data, png, sizeof png)) return vx_png_decode(data, size, name, picture, error);
  bool known = size == 0 || strcmp(vx_picture_kind(data, size), "neither JPEG nor PNG") != 0;
  if (known) return vx_fail(error, name, "is %s, expected a JPEG or PNG picture", vx_picture_kind(data, size));
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

bool vx_picture_read_as(const char *path, vx_exif exif, vx_picture *picture, vx_error *error) {
  if (!vx_picture_read(path, picture, error)) return false;
  if (exif != VX_EXIF_APPLY || vx_picture_upright(picture, path, error)) return true;
  vx_picture_free(picture);
  return false;
}
