/* A data set in Pascal VOC's layout, and one list of its images. */
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
  char *image;       /* JPEGImages/ID with .jpg, .jpeg, .JPG, .JPEG, .png or .PNG, whichever is there first */
  char *mask;        /* SegmentationClass/ID.png */
  char *object_mask; /* SegmentationObject/ID.png */
  char *annotation;  /* Annotations/ID.xml */
} vx_voc_entry;

typedef struct vx_voc {
  char *root;
  char *list; /* path of the list file */
  vx_classes classes;
  const char *class_source; /* the file that names them, "data.labels", "VOC's" */
  vx_mask_reading reading;  /* of every mask */
  size_t count;             /* an image's index is its place in the list, from 0 */
  vx_voc_entry *entry;
} vx_voc;

/* Opens the data set in folder `root` (with JPEGImages and SegmentationClass) and reads the list `split`: a name, for
   ImageSets/Segmentation/NAME.txt, or else the path of a list file. A list has one id a line; line ends may be CRLF;
   blanks around an id and empty lines are left out. What follows a tab is left out, too. What follows a blank belongs
   to the id where a picture of the whole line's name is there ("my dog 1"); else a number at the end is left out (as in
   ImageSets/Main), and so is all after the first blank where a picture of the name before it is there.
   Class names and what the masks' values mean: vx_mask_reading_make, by `rules` (NULL: none).
   Fails, naming file and line, on a missing folder or list, an empty list, an id that occurs twice, and an id with '/',
   with a leading "..", or with control characters. */
bool vx_voc_open(const char *root, const char *split, const vx_label_rules *rules, vx_voc *voc, vx_error *error);
void vx_voc_close(vx_voc *voc);

/* Calls `each` with the name of every list in ImageSets/Segmentation, in alphabetical order. False without the folder
   or when `each` returns false. */
bool vx_voc_lists(const char *root, bool (*each)(const char *name, void *user), void *user, vx_error *error);

#endif
