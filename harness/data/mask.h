/* Segmentation masks: one label a pixel, and how a data set's files say which. */
#ifndef VX_MASK_H
#define VX_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

#define VX_LABEL_BACKGROUND 0
#define VX_LABEL_OBJECT 254 /* of a binary mask where the data set has more than one class: an object, of no class */
#define VX_LABEL_VOID 255   /* VOC's border and "do not count" label */
#define VX_LABELS 256

/* What one look at a mask says about it as a truth. From VX_TRUTH_NO_OBJECT on nothing is scored against it. */
typedef enum vx_truth_status {
  VX_TRUTH_NONE, /* no mask */
  VX_TRUTH_OK,
  VX_TRUTH_BINARY,       /* black and white only: white was taken for the object */
  VX_TRUTH_COLOUR,       /* a palette whose colours are VOC's at other places: read by colour */
  VX_TRUTH_NO_OBJECT,    /* background (and void) only */
  VX_TRUTH_ALL_VOID,     /* no pixel that counts */
  VX_TRUTH_FOREIGN,      /* labels that no class of the data set has */
  VX_TRUTH_INTERPOLATED, /* three or more labels that are borders only: scaled with interpolation, or a JPEG once */
} vx_truth_status;

/* "none", "ok", "binary", "by-colour", "no-object", "all-void", "foreign-labels", "interpolated": what the results
   file has. And in a sentence's words. */
const char *vx_truth_name(vx_truth_status status);
const char *vx_truth_words(vx_truth_status status);
static inline bool vx_truth_counts(vx_truth_status status) {
  return status != VX_TRUTH_NONE && status < VX_TRUTH_NO_OBJECT;
}

/* `label` is [height][width]: 0 background, 1 to 254 a class, 255 void. Empty: {0}. */
typedef struct vx_mask {
  int width, height;
  uint8_t *label;
  vx_truth_status status;
  bool nameless; /* its object is VX_LABEL_OBJECT, of a class that nobody knows */
} vx_mask;

typedef enum vx_mask_encoding {
  VX_MASK_AUTO,
  VX_MASK_INDEX,  /* the palette's index, or the grey value as it stands */
  VX_MASK_COLOUR, /* a colour is a class */
  VX_MASK_RGB_ID, /* R + 256 G + 65536 B */
  VX_MASK_BINARY  /* bright is the object */
} vx_mask_encoding;

/* What one value or colour means. */
typedef struct vx_mask_label {
  uint32_t from; /* a value, or 0xrrggbb */
  bool colour;
  uint8_t label;
} vx_mask_label;

/* How a data set's masks are read; {0}: as VOC's, with class names not known. harness/data/mask_labels.h makes one. */
typedef struct vx_mask_reading {
  vx_mask_encoding encoding;
  bool voc;         /* preset voc: a mask of {0, 255} is a void border, never a binary mask */
  bool other_given; /* what `label` does not list is `other`; else it is refused */
  uint8_t other;    /* */
  int class_count;  /* names with background: labels from it to 254 are foreign; 0: not known */
  size_t count;     /* of labels */
  vx_mask_label *label;
} vx_mask_reading;

/* Reads a mask PNG by `reading` (NULL: {0}). Of itself (VX_MASK_AUTO, nothing listed): palette and grey of 1 to 16 bits
   by index; RGB in VOC's colours by colour, three equal channels as grey; alpha has to be opaque. A palette whose used
   colours are all VOC's, but at other places, is read by colour. Black and white only is a binary mask, its object
   label 1 where the data set has one class, else VX_LABEL_OBJECT; white along most of the border is refused, for it
   may be the background. Also refused: values above 255 and colours that nobody listed, by name and with how many
   pixels have them. Whether the mask is as large as its picture is for the caller to check; mask->status says what it
   is as a truth. */
bool vx_mask_read(const char *path, const vx_mask_reading *reading, vx_mask *mask, vx_error *error);
void vx_mask_free(vx_mask *mask);

/* The same from bytes in memory; `name` is what errors call them. */
bool vx_mask_decode(const uint8_t *data, size_t size, const char *name, const vx_mask_reading *reading, vx_mask *mask,
                    vx_error *error);

/* What labels [height][width] are as a truth, of a data set with `class_count` names (0: not known). Three labels that
   are borders only make it interpolated where less than `thin` of what is not background has such a label: 0 suspects
   nothing, 1 all; a dithered palette is made of little else. */
vx_truth_status vx_mask_look(const vx_mask *mask, int class_count, double thin);

/* Fails, saying why, for a mask that nothing is scored against (VX_TRUTH_NO_OBJECT and above). */
bool vx_mask_check(const vx_mask *mask, int class_count, const char *where, vx_error *error);

/* Over its labels: two files that mean the same have the same. */
void vx_mask_digest(const vx_mask *mask, char text[VX_DIGEST_SIZE]);

/* Counts the pixels of each label. */
void vx_mask_count(const vx_mask *mask, size_t count[VX_LABELS]);

/* The class (1 to 254) that covers most pixels, the smallest among equals; -1 for a mask without classes. */
int vx_mask_main_class(const vx_mask *mask);

/* VOC's colour of a label, 0xrrggbb; and the label of a colour, -1: none. */
uint32_t vx_voc_colour(int label);
int vx_voc_colour_find(uint32_t colour);

#endif
