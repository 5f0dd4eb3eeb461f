/* From a class mask to what a heat map is scored against. */
#ifndef VX_TRUTH_H
#define VX_TRUTH_H

#include "harness/data/mask.h"
#include "harness/data/resize.h"

typedef enum vx_foreground_kind {
  VX_FOREGROUND_ANY,      /* every labelled object */
  VX_FOREGROUND_MAIN,     /* the class that covers most of the mask at its own size */
  VX_FOREGROUND_CLASS,    /* one given class */
  VX_FOREGROUND_PREDICTED /* the class that the model's top class maps to: the caller puts it into `label` */
} vx_foreground_kind;

typedef enum vx_void_kind { VX_VOID_IGNORE, VX_VOID_BACKGROUND, VX_VOID_FOREGROUND } vx_void_kind;

typedef struct vx_truth_options {
  vx_foreground_kind foreground;
  int label;              /* of VX_FOREGROUND_CLASS and VX_FOREGROUND_PREDICTED, 1 to 254 */
  vx_void_kind void_kind; /* what becomes of label 255 */
  vx_mask_resize resize;
} vx_truth_options;

/* Makes `truth` [geometry height][geometry width] of the mask scaled and cropped by `geometry`: 0 background,
   1 foreground, 2 ignored (metrics/overlap.h). A mask without classes has an empty `main`. Fails without memory, for a
   label that is none, and for a geometry that does not fit. */
bool vx_truth_make(const vx_mask *mask, const vx_truth_options *options, const vx_geometry *geometry, uint8_t *truth,
                   vx_error *error);

/* Reads "any", "main", "predicted" or "class=N" (N from 1 to 254); "ignore", "background" or "foreground"; "pillow" or
   "opencv". `where` names the option in errors. */
bool vx_truth_foreground(const char *text, vx_truth_options *options, const char *where, vx_error *error);
bool vx_truth_void(const char *text, vx_truth_options *options, const char *where, vx_error *error);
bool vx_truth_resize(const char *text, vx_truth_options *options, const char *where, vx_error *error);

#endif
