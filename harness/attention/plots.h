/* Drawings of what attention does with one picture, as SVG. */
#ifndef VX_ATTENTION_PLOTS_H
#define VX_ATTENTION_PLOTS_H

#include "harness/attention/attention.h"
#include "harness/draw/svg.h"

typedef struct vx_plot_options {
  const char *id;                 /* of the drawing: letters, digits, '-' */
  const char *title;              /* of the picture: any text */
  int patches;                    /* flow map: how many patches are drawn one by one */
  int layer;                      /* parallel coordinates: axes are the heads of this layer; -1: axes are the layers */
  const char *const *class_names; /* [class_count] by label, for patch_label; may be NULL */
  int class_count;
} vx_plot_options;

enum { VX_PLOT_PATCHES_MAX = 24 };

/* The flow map: levels from the input on the left to the output on the right, bars for [CLS], the main patches and all
   others, as high as the weight that passes them; between levels bands as wide as what runs there; the strongest ways
   of the three first patches as lines. */
bool vx_flow_map_draw(const vx_attention *attention, const vx_plot_options *options, vx_bytes *svg, vx_error *error);

/* Parallel coordinates: an axis a layer (or a head), a line a patch, at the attention that [CLS] pays to it; coloured
   by class where patches have labels, else by the patch's weight in the paths' map. */
bool vx_parallel_draw(const vx_attention *attention, const vx_plot_options *options, vx_bytes *svg, vx_error *error);

/* Colours of classes (0xRRGGBB), for readers who are colour-blind too: background and void grey, the others by their
   place among the labels that the picture has. */
uint32_t vx_patch_colour(const vx_attention *attention, int label);

#endif
