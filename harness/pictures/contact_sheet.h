/* The contact sheet: one picture, all methods, on one page. */
#ifndef VX_PICTURES_CONTACT_SHEET_H
#define VX_PICTURES_CONTACT_SHEET_H

#include "harness/draw/colour.h"
#include "harness/pictures/agreement.h"

#define VX_CONTACT_SPREAD "viridis" /* colours of disagreement: other ones than those of the maps */

typedef struct vx_contact_sheet {
  const vx_explained *explained;
  const vx_agreement *agreement;
  int method_count;
  const vx_model *model; /* for the names of classes */
  const char *title;     /* of the picture: its file name */
  const vx_colours *colours;
  double alpha;
  const char *note; /* a line at the foot: model, precision, how the picture was cut; may be NULL */
} vx_contact_sheet;

/* Draws it into the file `path` (.png, .svg, .pdf): the picture with its five best classes, the consensus, where
   methods disagree, and for each method overlay, V = I (.) A, V thresholded, outline of the mask, and with another
   class the contrast. */
bool vx_contact_sheet_draw(const vx_contact_sheet *sheet, const char *path, vx_error *error);

#endif
