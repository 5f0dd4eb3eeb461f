#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/attention/plots_parts.h"
#include "harness/draw/colour.h"

/* Units of the drawing. */
enum { WIDTH = 1120, HEIGHT = 540, TOP = 112, BOTTOM = 468, LEFT = 320, RIGHT = 1072, PICTURE = 224 };

typedef struct parallel {
  const vx_attention *a;
  const vx_plot_options *options;
  vx_svg svg;
  int axes;
  const double *values;      /* [axes][patches] */
  double *most;              /* [axes] largest value of an axis */
  double lightest, heaviest; /* weights of patches in the paths' map */
  int *order;                /* [patches] in which lines are drawn: what counts on top */
} parallel;

static double x_of(const parallel *p, int axis) {
  return p->axes == 1 ? (LEFT + RIGHT) / 2.0 : LEFT + (double)(RIGHT - LEFT) * axis / (p->axes - 1);
}

static double y_of(const parallel *p, int axis, int patch) {
  double value = p->values[axis * p->a->patches + patch];
  return p->most[axis] > 0 ? BOTTOM - (BOTTOM - TOP) * value / p->most[axis] : BOTTOM;
}

static double weight_of(const parallel *p, int patch) {
  return p->a->paths.node[p->a->paths.leading + patch];
}

/* From 0, the lightest, to 1. */
static double share_of(const parallel *p, int patch) {
  double span = p->heaviest - p->lightest;
  return span > 0 ? (weight_of(p, patch) - p->lightest) / span : 0;
}

static uint32_t colour_of(const parallel *p, int patch) {
  if (p->a->patch_label) return vx_patch_colour(p->a, p->a->patch_label[patch]);
  double rgb[3], share = share_of(p, patch);
  vx_colour_of(vx_colours_find("viridis"), 0.92 * share, rgb); /* the brightest yellow is hard to see on white */
  return (uint32_t)lround(rgb[0]) << 16 | (uint32_t)lround(rgb[1]) << 8 | (uint32_t)lround(rgb[2]);
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

typedef struct keyed {
  double key;
  int patch;
} keyed;

static int by_key(const void *a, const void *b) {
  const keyed *x = a, *y = b;
  if (x->key < y->key || x->key > y->key) return x->key < y->key ? -1 : 1;
  return x->patch - y->patch;
}

/* Background first, classes over it; without classes light patches first. */
static bool prepare(parallel *p, vx_error *error) {
  int patches = p->a->patches;
  keyed *keys = calloc((size_t)patches, sizeof *keys);
  p->most = calloc((size_t)p->axes, sizeof *p->most);
  p->order = calloc((size_t)patches, sizeof *p->order);
  if (!keys || !p->most || !p->order) {
    free(keys);
    return vx_fail(error, "parallel coordinates", "out of memory");
  }
  p->lightest = p->heaviest = weight_of(p, 0);
  for (int i = 1; i < patches; i++) {
    p->lightest = fmin(p->lightest, weight_of(p, i));
    p->heaviest = fmax(p->heaviest, weight_of(p, i));
  }
  for (int i = 0; i < patches; i++) {
    bool object = p->a->patch_label && p->a->patch_label[i] > 0 && p->a->patch_label[i] < 255;
    keys[i] = (keyed){(object ? 2 : 0) + share_of(p, i), i};
  }
  qsort(keys, (size_t)patches, sizeof *keys, by_key);
  for (int i = 0; i < patches; i++) p->order[i] = keys[i].patch;
  for (int k = 0; k < p->axes; k++)
    for (int i = 0; i < patches; i++) p->most[k] = fmax(p->most[k], p->values[k * patches + i]);
  free(keys);
  return true;
}

/* ---- drawing ----------------------------------------------------------------------------------------------------- */

static void draw_line(parallel *p, int patch) {
  char text[300];
  fprintf(p->svg.to, "<polyline class=\"line\" stroke=\"#%06x\" points=\"", colour_of(p, patch));
  for (int k = 0; k < p->axes; k++) fprintf(p->svg.to, "%s%.1f,%.1f", k ? " " : "", x_of(p, k), y_of(p, k, patch));
  if (p->axes == 1) fprintf(p->svg.to, " %.1f,%.1f", x_of(p, 0) + 30, y_of(p, 0, patch));
  fputs("\">", p->svg.to);
  vx_plot_patch_name(p->a, p->options, patch, text, sizeof text);
  vx_svg_title(&p->svg, text);
  fputs("</polyline>\n", p->svg.to);
}

static void draw_axis(parallel *p, int axis) {
  char text[40];
  double x = x_of(p, axis);
  fprintf(p->svg.to, "<line class=\"axis\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", x, TOP, x, BOTTOM);
  snprintf(text, sizeof text, "%.2g %%", 100 * p->most[axis]);
  vx_svg_text(&p->svg, "m s", x, TOP - 8, text);
  vx_svg_text(&p->svg, "m s", x, BOTTOM + 15, "0");
  snprintf(text, sizeof text, "%d", axis + 1);
  vx_svg_text(&p->svg, "m", x, BOTTOM + 34, text);
}

static bool draw_picture(parallel *p, vx_error *error) {
  const vx_attention *a = p->a;
  vx_image image = {a->side, a->side, 3, a->rgb};
  double cell = (double)PICTURE / a->grid;
  if (!vx_svg_image(&p->svg, &image, 24, 88, PICTURE, PICTURE, "what the model was shown", error)) return false;
  for (int i = 0; i < a->patches; i++) {
    char text[300];
    bool quiet = a->patch_label && a->patch_label[i] == 0;
    fprintf(p->svg.to, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#%06x\" fill-opacity=\"%s\">",
            24 + i % a->grid * cell, 88 + i / a->grid * cell, cell, cell, colour_of(p, i), quiet ? "0" : ".5");
    vx_plot_patch_name(a, p->options, i, text, sizeof text);
    vx_svg_title(&p->svg, text);
    fputs("</rect>\n", p->svg.to);
  }
  return true;
}

/* Without classes: light to heavy in the paths' map. */
static void draw_scale(parallel *p) {
  enum { STEPS = 32 };
  double y = 88 + PICTURE + 20;
  for (int i = 0; i < STEPS; i++) {
    double rgb[3];
    vx_colour_of(vx_colours_find("viridis"), 0.92 * (i + 0.5) / STEPS, rgb);
    fprintf(p->svg.to, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"9\" fill=\"#%02lx%02lx%02lx\"/>\n",
            24 + (double)PICTURE * i / STEPS, y, (double)PICTURE / STEPS + 0.4, lround(rgb[0]), lround(rgb[1]),
            lround(rgb[2]));
  }
  char text[60];
  snprintf(text, sizeof text, "%.2g %%", 100 * p->lightest);
  vx_svg_text(&p->svg, "s", 24, y + 23, text);
  snprintf(text, sizeof text, "%.2g %% in the %s map", 100 * p->heaviest, p->a->is_flow ? "flow" : "rollout");
  vx_svg_text(&p->svg, "s e", 24 + PICTURE, y + 23, text);
}

/* Means over the patches of each class, for readers who do not see the lines. */
static void describe(const parallel *p, const char *what, char *text, size_t size) {
  int labels[256], count = vx_plot_labels(p->a, labels), patches = p->a->patches;
  int used = snprintf(text, size, "Attention of %s to each of %d patches, an axis %s.", p->a->read, patches, what);
  for (int c = 0; c < count; c++) {
    char name[40];
    if (used < 0 || (size_t)used >= size) return;
    used += snprintf(text + used, size - (size_t)used,
                     " Mean over patches of %.60s:", vx_plot_class_name(p->options, labels[c], name, sizeof name));
    for (int k = 0; k < p->axes; k++) {
      double sum = 0;
      int n = 0;
      for (int i = 0; i < patches; i++)
        if (p->a->patch_label[i] == labels[c]) sum += p->values[k * patches + i], n++;
      if (used < 0 || (size_t)used >= size) return;
      used += snprintf(text + used, size - (size_t)used, " %.2g %%", 100 * sum / n);
    }
    if ((size_t)used < size) used += snprintf(text + used, size - (size_t)used, ".");
  }
}

static bool draw_all(parallel *p, vx_error *error) {
  char style[2400], text[4000], title[600], what[60];
  int layer = p->options->layer;
  if (layer < 0)
    snprintf(what, sizeof what, "a layer");
  else
    snprintf(what, sizeof what, "a head of layer %d", layer + 1);
  describe(p, what, text, sizeof text);
  vx_plot_style(p->options->id, style, sizeof style);
  snprintf(title, sizeof title, "Parallel coordinates: %.500s", p->options->title);
  if (!vx_svg_begin(&p->svg, p->options->id, WIDTH, HEIGHT, title, text, style, error)) return false;
  fprintf(p->svg.to, "<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n", WIDTH, HEIGHT);
  vx_svg_text(&p->svg, "t", 24, 36, p->options->title);
  snprintf(text, sizeof text,
           "Attention that %s pays to each patch: an axis %s, a line a patch; each axis has its own "
           "scale",
           p->a->read, what);
  vx_svg_text(&p->svg, "s", 24, 58, text);
  for (int k = 0; k < p->axes; k++) draw_axis(p, k);
  for (int i = 0; i < p->a->patches; i++) draw_line(p, p->order[i]);
  vx_svg_text(&p->svg, "m s", (LEFT + RIGHT) / 2.0, BOTTOM + 56, layer < 0 ? "layer" : "head");
  if (!draw_picture(p, error)) return false;
  if (p->a->patch_label)
    vx_plot_legend(&p->svg, p->a, p->options, 24, 88 + PICTURE + 20);
  else
    draw_scale(p);
  return true;
}

bool vx_parallel_draw(const vx_attention *attention, const vx_plot_options *options, vx_bytes *svg, vx_error *error) {
  size_t patches = (size_t)attention->patches, heads = (size_t)attention->heads;
  parallel p = {.a = attention, .options = options, .axes = attention->layers, .values = attention->by_layer};
  *svg = (vx_bytes){0};
  if (options->layer >= attention->layers)
    return vx_fail(error, "layer", "is %d, the model has layers 1 to %d", options->layer + 1, attention->layers);
  if (options->layer >= 0) {
    p.axes = attention->heads;
    p.values = attention->by_head + (size_t)options->layer * heads * patches;
  }
  bool good = prepare(&p, error) && draw_all(&p, error);
  if (p.svg.to) good = vx_svg_end(&p.svg, svg, error) && good;
  if (!good) {
    free(svg->data);
    *svg = (vx_bytes){0};
  }
  free(p.most);
  free(p.order);
  return good;
}
