/* What the two drawings share. Private to harness/attention. */
#ifndef VX_ATTENTION_PLOTS_PARTS_H
#define VX_ATTENTION_PLOTS_PARTS_H

#include "harness/attention/plots.h"

/* The style of both drawings, light and dark, valid inside the drawing `id` only. */
void vx_plot_style(const char *id, char *text, size_t size);

/* "row 3, column 7" of patch p, counted from 1, and its class where it has one. */
void vx_plot_patch_name(const vx_attention *attention, const vx_plot_options *options, int patch, char *text,
                        size_t size);

/* The name of a label, "class 3" without names. */
const char *vx_plot_class_name(const vx_plot_options *options, int label, char *text, size_t size);

/* The labels that patches have, in order; their count. */
int vx_plot_labels(const vx_attention *attention, int labels[256]);

/* A legend of the classes at (x, y), line by line. */
void vx_plot_legend(vx_svg *svg, const vx_attention *attention, const vx_plot_options *options, double x, double y);

#endif
