/* A data set in Pascal VOC's layout or one of its relatives, and one list of its images. */
#ifndef VX_VOC_H
#define VX_VOC_H

#include <stddef.h>

#include "base/error.h"
#include "harness/data/classes.h"
#include "harness/data/mask.h"
#include "harness/data/mask_labels.h"

/* One image of the list. The files need not be there: a missing picture, mask or annotation is found when it is read,
   and is then that image's failure, not the run's. */
typedef struct vx_voc_entry {
  char *id;          /* the data set's own name of the image, any UTF-8 without '/' and control characters */
  char *alias;       /* how the list calls the picture */
  char *image;       /* JPEGImages/ID with .jpg, .jpeg, .JPG, .JPEG, .png or .PNG, whichever is there first */
  char *mask;        /* SegmentationClass/ID.png, or its relatives */
  char *object_mask; /* SegmentationObject/ID.png */
  char *annotation;  /* Annotations/ID.xml */
  int data_class;    /* the class that the list says of an object without one (a binary mask's), 0: none */
} vx_voc_entry;

typedef struct vx_voc {
  char *root;            /* as it was named */
  char *layout;          /* what was recognised, for people */
  char *list;            /* path of the list file; NULL: every mask */
  const char *list_kind; /* "ids", "paths", "pairs of image and mask", "a table", "every mask that has a picture" */
  size_t left_out;       /* lines with -1 */
  vx_classes classes;
  const char *class_source; /* the file that names them, "data.labels", "VOC's" */
  vx_mask_reading reading;  /* of every mask */
  size_t count;             /* an image's index is its place in the list, from 0 */
  vx_voc_entry *entry;
} vx_voc;

/* Opens the data set in folder `root` and reads the list `split`.

   Pictures lie in JPEGImages (or images, img …), masks in SegmentationClass, SegmentationClassPNG, SegmentationClassAug
   (or masks, labels, annotations/trimaps), as ID.png, ID_mask.png, ID_segmentation.png …; or both side by side in one
   folder, which may be `root`/`split`. `root` may be VOCdevkit or the folder around it: the newest VOC20.. in it
   counts.

   `split` is a name, for ImageSets/Segmentation/NAME.txt (else ImageSets/Main, ImageSets, the root), or the path of a
   list file; "all" is every mask that has a picture, and so is "val" where there is no list at all. A list has one
   picture a line: its id, with or without ending, or a path (absolute, below the root, or beside the list). Line ends
   may be CRLF, the text UTF-16; blanks around and empty lines are left out.
   - "image mask", parted by a blank, tab or comma, both with endings: a pair.
   - A first line "image,mask,class" (any order, more columns allowed) makes it a table; the class names the object of a
     mask that names none.
   - "id 1", "id 0", "id -1" as in ImageSets/Main: 1 shows the class, 0 shows difficult objects of it only, -1 does not
     show it and is left out.
   - What else follows a tab is left out. What follows a blank belongs to the id where a picture of the whole line's
     name is there ("my dog 1"); else all after the first blank is left out where a picture of the name before it is.

   Class names and what the masks' values mean: vx_mask_reading_make, by `rules` (NULL: none).
   Fails, naming file and line, on a missing folder or list, an empty list, an id that occurs twice, and an id that is a
   path to nothing, has a leading "..", or control characters. */
bool vx_voc_open(const char *root, const char *split, const vx_label_rules *rules, vx_voc *voc, vx_error *error);
void vx_voc_close(vx_voc *voc);

/* Reads the mask of an entry by voc->reading; what its object is, where only the list says it. */
bool vx_voc_mask(const vx_voc *voc, const vx_voc_entry *entry, vx_mask *mask, vx_error *error);

/* Calls `each` with the name of every list in ImageSets/Segmentation (where there is none of these: of the other places
   of lists), in alphabetical order; "all" where there is no list. False without a data set or when `each` returns
   false. */
bool vx_voc_lists(const char *root, bool (*each)(const char *name, void *user), void *user, vx_error *error);

#endif
