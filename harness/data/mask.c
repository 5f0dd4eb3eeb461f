/* A mask and what it is as a truth. */
#include "harness/data/mask.h"

#include <stdlib.h>
#include <string.h>

void vx_mask_free(vx_mask *mask) {
  free(mask->label);
  *mask = (vx_mask){0};
}

void vx_mask_digest(const vx_mask *mask, char text[VX_DIGEST_SIZE]) {
  vx_digest digest;
  vx_digest_start(&digest);
  vx_digest_bytes(&digest, mask->label, (size_t)mask->width * (size_t)mask->height);
  vx_digest_print(&digest, text);
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

/* ---- VOC's colours ------------------------------------------------------------------------------------------------
 */

uint32_t vx_voc_colour(int label) {
  uint32_t rgb[3] = {0}, bits = (uint32_t)label;
  for (int bit = 7; bit >= 0; bit--, bits >>= 3)
    for (int c = 0; c < 3; c++) rgb[c] |= (bits >> c & 1) << bit;
  return rgb[0] << 16 | rgb[1] << 8 | rgb[2];
}

int vx_voc_colour_find(uint32_t colour) {
  for (int label = 0; label < VX_LABELS; label++)
    if (vx_voc_colour(label) == colour) return label;
  return -1;
}

/* ---- as a truth ---------------------------------------------------------------------------------------------------
 */

static const struct {
  const char *name, *words;
} statuses[] = {[VX_TRUTH_NONE] = {"none", "without a mask"},
                [VX_TRUTH_OK] = {"ok", "as it should be"},
                [VX_TRUTH_BINARY] = {"binary", "black and white, white taken for the object"},
                [VX_TRUTH_COLOUR] = {"by-colour", "read by colour, for the palette has VOC's at other places"},
                [VX_TRUTH_NO_OBJECT] = {"no-object", "without object"},
                [VX_TRUTH_ALL_VOID] = {"all-void", "all void"},
                [VX_TRUTH_FOREIGN] = {"foreign-labels", "with labels that no class has"},
                [VX_TRUTH_INTERPOLATED] = {"interpolated", "with labels that are borders only, as interpolation makes "
                                                           "them"}};

const char *vx_truth_name(vx_truth_status status) {
  return statuses[status].name;
}

const char *vx_truth_words(vx_truth_status status) {
  return statuses[status].words;
}

/* Which labels have a pixel whose neighbours, up to four of them, are all its equals. */
static void find_cores(const vx_mask *mask, bool core[VX_LABELS]) {
  size_t width = (size_t)mask->width, height = (size_t)mask->height;
  memset(core, 0, VX_LABELS * sizeof *core);
  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++) {
      const uint8_t *at = mask->label + y * width + x;
      if (core[*at]) continue;
      core[*at] = (x == 0 || at[-1] == *at) && (x + 1 == width || at[1] == *at) && (y == 0 || *(at - width) == *at) &&
                  (y + 1 == height || at[width] == *at);
    }
}

vx_truth_status vx_mask_look(const vx_mask *mask, int class_count, double thin) {
  size_t count[VX_LABELS], objects = 0, border = 0;
  bool core[VX_LABELS], foreign = false;
  int borders = 0;
  vx_mask_count(mask, count);
  find_cores(mask, core);
  for (int label = 1; label < VX_LABEL_VOID; label++) {
    objects += count[label];
    borders += count[label] && !core[label];
    border += core[label] ? 0 : count[label];
    foreign = foreign || (count[label] && class_count && label >= class_count);
  }
  if (borders >= 3 && (double)border < thin * (double)(objects + count[VX_LABEL_VOID] + 1))
    return VX_TRUTH_INTERPOLATED;
  if (foreign) return VX_TRUTH_FOREIGN;
  if (objects) return VX_TRUTH_OK;
  return count[VX_LABEL_BACKGROUND] ? VX_TRUTH_NO_OBJECT : VX_TRUTH_ALL_VOID;
}

bool vx_mask_check(const vx_mask *mask, int class_count, const char *where, vx_error *error) {
  size_t count[VX_LABELS];
  int foreign = class_count;
  switch (mask->status) {
  case VX_TRUTH_NO_OBJECT:
    return vx_fail(error, where, "has no object: every pixel is background or void, nothing to score against");
  case VX_TRUTH_ALL_VOID:
    return vx_fail(error, where,
                   "is void everywhere: no pixel counts; where 255 is the object, say data.mask_encoding: binary");
  case VX_TRUTH_FOREIGN:
    vx_mask_count(mask, count);
    while (foreign < VX_LABEL_VOID && !count[foreign]) foreign++;
    return vx_fail(error, where,
                   "has label %d at %zu pixels, the data set's classes are 1 to %d: name more in classes.txt, or say "
                   "what a value means with data.labels",
                   foreign, count[foreign % VX_LABELS], class_count - 1);
  case VX_TRUTH_INTERPOLATED:
    return vx_fail(error, where,
                   "has three or more labels that are borders only: it was scaled with interpolation, or was a JPEG; "
                   "scale masks with nearest neighbour, or say data.mask_encoding: index (or binary)");
  default:
    return true;
  }
}
