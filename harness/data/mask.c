#include "harness/data/mask.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/data/png.h"

bool vx_mask_decode(const uint8_t *data, size_t size, const char *name, vx_mask *mask, vx_error *error) {
  static const uint8_t signature[] = {0x89, 'P', 'N', 'G'};
  *mask = (vx_mask){0};
  if (size < sizeof signature || memcmp(data, signature, sizeof signature) != 0)
    return vx_fail(error, name, "is not a PNG file, expected a mask: a palette or grey PNG");
  return vx_png_decode(data, size, name, VX_PNG_LABEL, &mask->width, &mask->height, &mask->label, error);
}

bool vx_mask_read(const char *path, vx_mask *mask, vx_error *error) {
  vx_file file;
  *mask = (vx_mask){0};
  if (!vx_file_read(path, VX_PICTURE_BYTES, &file, error)) return false;
  bool ok = vx_mask_decode(file.data, file.size, path, mask, error);
  vx_file_free(&file);
  return ok;
}

void vx_mask_free(vx_mask *mask) {
  free(mask->label);
  *mask = (vx_mask){0};
}

void vx_mask_count(const vx_mask *mask, size_t count[VX_LABELS]) {
  memset(count, 0, VX_LABELS * sizeof *count);
  size_t pixels = (size_t)mask->width * (size_t)mask->height;
  for (size_t i = 0; i < pixels; i++) count[mask->label[i]]++;
}

int vx_mask_main_class(const vx_mask *mask) {
  size_t count[VX_LABELS];
  int best = -1;
  vx_mask_count(mask, count);
  for (int label = 1; label < VX_LABEL_VOID; label++)
    if (count[label] > (best < 0 ? 0 : count[best])) best = label;
  return best;
}
