/* Segmentation masks: one label a pixel. */
#ifndef VX_MASK_H
#define VX_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define VX_LABEL_BACKGROUND 0
#define VX_LABEL_VOID 255 /* VOC's border and "do not count" label */
#define VX_LABELS 256

/* `label` is [height][width]: 0 background, 1 to 254 a class, 255 void. Empty: {0}. */
typedef struct vx_mask {
  int width, height;
  uint8_t *label;
} vx_mask;

/* Reads a mask PNG: the palette index, or the grey value as it stands, of 1, 2, 4 or 8 bits, is the label. RGB, alpha
   and 16-bit files are refused by name. Whether the mask is as large as its picture is for the caller to check. */
bool vx_mask_read(const char *path, vx_mask *mask, vx_error *error);
void vx_mask_free(vx_mask *mask);

/* The same from bytes in memory; `name` is what errors call them. */
bool vx_mask_decode(const uint8_t *data, size_t size, const char *name, vx_mask *mask, vx_error *error);

/* Counts the pixels of each label. */
void vx_mask_count(const vx_mask *mask, size_t count[VX_LABELS]);

/* The class (1 to 254) that covers most pixels, the smallest among equals; -1 for a mask without classes. */
int vx_mask_main_class(const vx_mask *mask);

#endif
