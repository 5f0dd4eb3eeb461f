/* Where a data set keeps its files. Private to voc*.c and voc_*.h. */
#ifndef VX_VOC_LAYOUT_H
#define VX_VOC_LAYOUT_H

#include <stddef.h>

#include "base/error.h"

enum { VX_MASK_FOLDERS = 8 };

typedef struct vx_layout {
  char *root;     /* of the data set: the folder that was named, or VOC2012, VOCdevkit/VOC2007 … in it */
  char *pictures; /* JPEGImages, images …; of a flat folder the root */
  char *masks[VX_MASK_FOLDERS + 1]; /* SegmentationClass, SegmentationClassPNG …, those that there are */
  bool flat;                        /* pictures and masks lie side by side */
} vx_layout;

/* Finds out what there is below `root`. Fails, saying what is missing, and leaves `layout` empty. */
bool vx_layout_find(const char *root, vx_layout *layout, vx_error *error);
void vx_layout_free(vx_layout *layout);

/* The path of an image's picture or mask; `*there` tells whether the file exists, and without one the path is where it
   would be. The mask ID.png may also be ID_mask.png, ID_segmentation.png … NULL: no memory. */
char *vx_layout_picture(const vx_layout *layout, const char *id, bool *there);
char *vx_layout_mask(const vx_layout *layout, const char *id, bool *there);

/* The mask of a picture anywhere, beside it; NULL where there is none. */
char *vx_layout_mask_beside(const char *picture);

/* Calls `each` with the id of every mask that has a picture, in alphabetical order; false when it returns false. */
bool vx_layout_masks(const vx_layout *layout, bool (*each)(const char *id, void *user), void *user, vx_error *error);

/* The length of a name without .jpg, .png …; of another one its whole length. */
size_t vx_picture_stem(const char *name);

#endif
