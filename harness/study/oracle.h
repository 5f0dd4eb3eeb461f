/* What a map is worth apart from where it is cut: its IoU under Otsu, the mean and one half, beside the best that any
   threshold could do, one for the whole data set or one for each image. */
#ifndef VX_ORACLE_H
#define VX_ORACLE_H

#include "harness/study/rescore.h"

typedef struct vx_oracle_row {
  const vx_method_row *method; /* of the source */
  int n;
  double otsu, mean, half; /* mean IoU over images, 0..1 */
  double data_set;         /* at the one level that is best for all images together */
  int level;               /* that level: the first t of the masks u > t */
  double image;            /* at each image's own best level */
} vx_oracle_row;

/* rows [source->method_count]; the truth is that of `scoring`. All 256 levels come from one histogram a map. `source`
   is used for this alone (its every_level is set). */
bool vx_oracle_make(vx_rescore *source, const vx_scoring_row *scoring, int jobs, vx_oracle_row *rows, vx_error *error);

#endif
