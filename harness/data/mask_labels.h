/* What the values and colours of a data set's masks mean: from the keys data.labels and data.mask_encoding and from
   the files that lie beside the data. */
#ifndef VX_MASK_LABELS_H
#define VX_MASK_LABELS_H

#include "harness/data/classes.h"
#include "harness/data/mask.h"

/* The keys as they are written. {0}: nothing is said. */
typedef struct vx_label_rules {
  vx_mask_encoding encoding;
  const char *preset; /* voc, binary, imagenet-s, isic, pet; NULL: none */
  int count;
  const char *const *from; /* [count] a value, "#rrggbb", a name of labelmap.txt or of a class, "other" */
  const char *const *to;   /* [count] a class' name or number, background, void */
} vx_label_rules;

extern const char vx_mask_presets[]; /* "voc|binary|imagenet-s|isic|pet" */

/* Makes the class names and the reading of the data set in folder `root`. Names are, whichever is there first:
   classes.txt, class_names.txt (labelme: one name a line, background may lead), labelmap.txt (CVAT:
   "name:r,g,b:parts:actions" a line, whose colours are read as well), _classes.csv (Roboflow: "value, name" a line,
   likewise); else those that the rules name, where not all are VOC's; else VOC's. `*source` says which, `rules` may be
   NULL, and `root`, where there is no folder to look into. Fails, naming file or rule, on what names no class. */
bool vx_mask_reading_make(const char *root, const vx_label_rules *rules, vx_mask_reading *reading, vx_classes *classes,
                          const char **source, vx_error *error);
void vx_mask_reading_free(vx_mask_reading *reading);

#endif
