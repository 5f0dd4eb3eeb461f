/* Pictures without a data set: what the model sees in one, and where each method says it looked. */
#ifndef VX_PICTURES_EXPLAIN_H
#define VX_PICTURES_EXPLAIN_H

#include "core/vx.h"
#include "harness/config/config.h"
#include "harness/data/input.h"
#include "harness/run/plan.h"
#include "harness/run/target.h"
#include "harness/run/to_size.h"

enum { VX_DRAW_LONGEST = 1024 }; /* pixels: larger pictures are drawn smaller, in proportion */

typedef enum vx_draw_size { VX_DRAW_AUTO, VX_DRAW_INPUT, VX_DRAW_IMAGE, VX_DRAW_OWN } vx_draw_size;

typedef struct vx_explain_options {
  const vx_model *model;    /* the caller's, and */
  const char *folder;       /* where it was opened, for what the checkpoint says about its pictures */
  const vx_method *methods; /* parts of a mix stand before it or after it; the caller's, must stay */
  int method_count;
  vx_precision precision;
  int target;        /* class to explain, VX_TARGET_TOP or VX_TARGET_SECOND */
  int against;       /* another class, to be explained too; -1: none, -2: the most probable besides the target */
  vx_draw_size size; /* auto: the input's, doubled and tripled … while it is at most 512 pixels */
  int side;          /* of VX_DRAW_OWN */
  uint64_t seed;
} vx_explain_options;

enum { VX_AGAINST_NONE = -1, VX_AGAINST_NEXT = -2 };

/* One method's map of one picture. */
typedef struct vx_drawn {
  const vx_method *method;
  bool class_specific; /* of a mix: any of its parts */
  bool made;
  vx_error error; /* why it was not made */
  vx_sized sized; /* the map as a run keeps it, its heat at the size of the drawn picture (spec, section 5) */
  int otsu;       /* level of the mask heat.u > otsu */
  uint8_t *mask;  /* [height][width] of 0 and 1 */
  double share;   /* of the picture that the mask covers */
  double milliseconds;
} vx_drawn;

typedef struct vx_explained {
  int picture_width, picture_height; /* of the file */
  int width, height;                 /* as drawn */
  uint8_t *rgb;                      /* [height][width][3] what the model was shown of it */
  vx_top top[VX_TOP];
  int top_count;
  int target, against; /* classes; against is -1 when there is none */
  double target_probability, against_probability;
  vx_drawn *drawn;         /* [method_count] for the target, in the order of the options' methods */
  vx_drawn *drawn_against; /* [method_count] for the other class; made only by methods that are class-specific */
} vx_explained;

typedef struct vx_explain vx_explain;

/* Plans the passes and takes the memory. Methods that need a data set (VX_NEED_PRIOR) are refused by name. */
vx_explain *vx_explain_open(const vx_explain_options *options, vx_error *error);
void vx_explain_close(vx_explain *explain);

const vx_input_options *vx_explain_input(const vx_explain *explain);

/* Explains the picture at `path`; the result belongs to `explain` and is valid until the next call. A method that fails
   has made == false and its reason; only a picture that cannot be read or that the model fails on gives NULL. */
const vx_explained *vx_explain_picture(vx_explain *explain, const char *path, vx_error *error);

#endif
