/* What attention does with one picture: the data behind the flow map and the parallel coordinates. */
#ifndef VX_ATTENTION_H
#define VX_ATTENTION_H

#include "harness/attention/paths.h"
#include "harness/run/subject.h"

/* Everything in the arena that was given. Patches are in row order, patch p is token paths.leading + p. */
typedef struct vx_attention {
  int layers, heads, grid, patches, side; /* L, H, S / P, grid^2, S */
  vx_paths paths;
  bool is_flow;     /* paths are those of attention flow, else of rollout */
  const char *read; /* what the head reads, in words: "[CLS]" … */
  const char *lead; /* the leading tokens in words; NULL: there are none */
  double *by_layer; /* [L][patches] attention of what is read, mean over heads */
  double *by_head;  /* [L][H][patches] the same of each head */
  uint8_t *rgb;     /* [S][S][3] what the model was shown */
  vx_top top[VX_TOP];
  int top_count;
  int *patch_label; /* [patches] label that covers most of a patch; 0 background; NULL: no mask was given */
} vx_attention;

/* A subject that can give attention of all layers; free with vx_subject_free. */
vx_subject *vx_attention_subject(const vx_model *model, const vx_input_options *input, vx_error *error);

/* Sends the picture through the model and takes the numbers. `flow`: paths of attention flow, exact but slower. */
bool vx_attention_take(vx_subject *subject, const vx_picture *picture, bool flow, vx_arena *arena,
                       vx_attention *attention, vx_error *error);

/* Labels the patches by a mask label [height][width] of the picture's own size, cut as the picture was: the most
   frequent label of a patch's pixels, void (255) only where nothing else is; the smaller among equals. */
bool vx_attention_label(vx_attention *attention, const vx_input_options *input, const uint8_t *label, int width,
                        int height, vx_arena *arena, vx_error *error);

#endif
