#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/attention/plots_parts.h"
#include "harness/draw/colour.h"

/* Units of the drawing. */
enum { WIDTH = 1120, HEIGHT = 596, TOP = 92, BARS = 440, LEFT = 320, RIGHT = 1056, BAR = 12, PICTURE = 224, WAYS = 3 };
#define SLACK 3.0       /* between the bars of a level */
#define THINNEST 0.0015 /* bands of less weight are left out */

typedef struct flow_map {
  const vx_attention *a;
  const vx_plot_options *options;
  vx_svg svg;
  int count, groups; /* patches drawn one by one; with the leading tokens and all others */
  int tokens[VX_PLOT_PATCHES_MAX];
  double *node, *edge; /* [L + 1][groups], [L][groups][groups] */
  double *top;         /* [L + 1][groups] upper edge of a bar */
  double scale;        /* units of height for a weight of 1 */
} flow_map;

static double x_of(const flow_map *m, int level) {
  return LEFT + (double)(RIGHT - LEFT) * level / m->a->layers;
}

static double node_of(const flow_map *m, int level, int group) {
  return m->node[level * m->groups + group];
}

static int patch_of(const flow_map *m, int token) {
  return token - m->a->paths.leading;
}

static uint32_t colour_of(const flow_map *m, int group) {
  if (group == 0) return 0x5b6b8c;
  if (group == m->groups - 1) return 0xb4b4bf;
  if (m->a->patch_label) return vx_patch_colour(m->a, m->a->patch_label[patch_of(m, m->tokens[group - 1])]);
  return vx_colour_kind(group - 1);
}

static void group_name(const flow_map *m, int group, char *text, size_t size) {
  if (group == 0)
    snprintf(text, size, "%s", m->a->lead ? m->a->lead : "");
  else if (group == m->groups - 1)
    snprintf(text, size, "the other %d patches", m->a->patches - m->count);
  else
    vx_plot_patch_name(m->a, m->options, patch_of(m, m->tokens[group - 1]), text, size);
}

static int by_number(const void *a, const void *b) {
  return *(const int *)a - *(const int *)b;
}

static bool prepare(flow_map *m, vx_error *error) {
  const vx_attention *a = m->a;
  int wanted = m->options->patches < 1 ? 1 : m->options->patches;
  if (wanted > VX_PLOT_PATCHES_MAX) wanted = VX_PLOT_PATCHES_MAX;
  m->count = vx_paths_main_tokens(&a->paths, wanted, m->tokens);
  qsort(m->tokens, (size_t)m->count, sizeof *m->tokens, by_number); /* in the order of the picture */
  m->groups = m->count + 2;
  size_t levels = (size_t)a->layers + 1, groups = (size_t)m->groups;
  m->node = calloc(levels * groups, sizeof *m->node);
  m->top = calloc(levels * groups, sizeof *m->top);
  m->edge = calloc(levels * groups * groups, sizeof *m->edge);
  if (!m->node || !m->top || !m->edge) return vx_fail(error, "flow map", "out of memory");
  vx_paths_group(&a->paths, m->tokens, m->count, m->node, m->edge);
  m->scale = BARS - SLACK * (m->groups - 1);
  for (int l = 0; l <= a->layers; l++) {
    double y = TOP;
    for (int g = 0; g < m->groups; g++) {
      m->top[l * m->groups + g] = y;
      y += m->scale * node_of(m, l, g) + SLACK;
    }
  }
  return true;
}

/* ---- bars and bands ---------------------------------------------------------------------------------------------- */

static void draw_band(flow_map *m, int layer, int from, int to, double weight, double y_from, double y_to) {
  char a[200], b[200], text[500];
  double x1 = x_of(m, layer) + BAR / 2.0, x2 = x_of(m, layer + 1) - BAR / 2.0, half = (x1 + x2) / 2;
  double h = m->scale * weight;
  fprintf(
      m->svg.to,
      "<path class=\"band\" fill=\"#%06x\" d=\"M%.1f %.2fC%.1f %.2f %.1f %.2f %.1f %.2fV%.2fC%.1f %.2f %.1f %.2f %.1f"
      " %.2fZ\">",
      colour_of(m, to ? to : from), x1, y_to, half, y_to, half, y_from, x2, y_from, y_from + h, half, y_from + h, half,
      y_to + h, x1, y_to + h);
  group_name(m, from, a, sizeof a);
  group_name(m, to, b, sizeof b);
  snprintf(text, sizeof text, "layer %d: %s takes %.2f %% from %s", layer + 1, a, 100 * weight, b);
  vx_svg_title(&m->svg, text);
  fputs("</path>\n", m->svg.to);
}

/* Bands leave a bar in the order of the bars below, and reach one in the order of those above: none crosses another
   without need. */
static void draw_bands(flow_map *m, int layer) {
  int g = m->groups;
  double *down = calloc((size_t)g, sizeof *down);
  for (int to = 0; down && to < g; to++) down[to] = m->top[layer * g + to];
  for (int from = 0; down && from < g; from++) {
    double up = m->top[(layer + 1) * g + from];
    for (int to = 0; to < g; to++) {
      double weight = m->edge[(layer * g + from) * g + to];
      if (weight >= THINNEST) draw_band(m, layer, from, to, weight, up, down[to]);
      up += m->scale * weight;
      down[to] += m->scale * weight;
    }
  }
  free(down);
}

static void draw_bars(flow_map *m, int level) {
  char name[200], text[300];
  for (int g = 0; g < m->groups; g++) {
    double weight = node_of(m, level, g);
    if (weight < 1e-6) continue;
    fprintf(m->svg.to, "<rect x=\"%.1f\" y=\"%.2f\" width=\"%d\" height=\"%.2f\" fill=\"#%06x\">",
            x_of(m, level) - BAR / 2.0, m->top[level * m->groups + g], BAR, fmax(0.4, m->scale * weight),
            colour_of(m, g));
    group_name(m, g, name, sizeof name);
    snprintf(text, sizeof text, "%s: %.2f %% of the weight at level %d", name, 100 * weight, level);
    vx_svg_title(&m->svg, text);
    fputs("</rect>\n", m->svg.to);
  }
}

/* ---- ways -------------------------------------------------------------------------------------------------------- */

static int group_of(const flow_map *m, int token) {
  if (token < m->a->paths.leading) return 0;
  for (int k = 0; k < m->count; k++)
    if (m->tokens[k] == token) return k + 1;
  return m->groups - 1;
}

static void draw_way(flow_map *m, const int *token_of, double weight) {
  char text[1200];
  int used = snprintf(text, sizeof text, "strongest way, %.2g %% of the weight: ", 100 * weight);
  fputs("<path class=\"way\" d=\"", m->svg.to);
  for (int l = 0; l <= m->a->layers; l++) {
    int g = group_of(m, token_of[l]);
    double y = m->top[l * m->groups + g] + m->scale * node_of(m, l, g) / 2;
    fprintf(m->svg.to, "%c%.1f %.1f", l ? 'L' : 'M', x_of(m, l), y);
    bool turns = l == 0 || token_of[l] != token_of[l - 1];
    if (!turns || used < 0 || used >= (int)sizeof text) continue;
    const char *before = l ? " \342\206\222 " : "";
    int patch = patch_of(m, token_of[l]), grid = m->a->grid;
    char *to = text + used;
    size_t room = sizeof text - (size_t)used;
    used += patch >= 0
                ? snprintf(to, room, "%srow %d, column %d from level %d", before, patch / grid + 1, patch % grid + 1, l)
                : snprintf(to, room, "%s%s from level %d", before, m->a->lead, l);
  }
  fputs("\">", m->svg.to);
  vx_svg_title(&m->svg, text);
  fputs("</path>\n", m->svg.to);
}

typedef struct way {
  double weight;
  int token;
} way;

static int by_weight(const void *a, const void *b) {
  const way *x = a, *y = b;
  return x->weight == y->weight ? 0 : x->weight > y->weight ? -1 : 1;
}

static bool draw_ways(flow_map *m, vx_error *error) {
  size_t levels = (size_t)m->a->layers + 1;
  int *token_of = calloc(levels, sizeof *token_of);
  way ways[VX_PLOT_PATCHES_MAX];
  if (!token_of) return vx_fail(error, "flow map", "out of memory");
  bool good = true;
  for (int k = 0; k < m->count && good; k++) {
    ways[k] = (way){vx_paths_strongest(&m->a->paths, m->tokens[k], token_of, error), m->tokens[k]};
    good = ways[k].weight >= 0;
  }
  if (good) qsort(ways, (size_t)m->count, sizeof *ways, by_weight);
  for (int k = 0; k < m->count && k < WAYS && good; k++) {
    if (vx_paths_strongest(&m->a->paths, ways[k].token, token_of, error) > 0) draw_way(m, token_of, ways[k].weight);
  }
  free(token_of);
  return good;
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static bool draw_picture(flow_map *m, vx_error *error) {
  const vx_attention *a = m->a;
  vx_image image = {a->side, a->side, 3, a->rgb};
  double x = 24, y = TOP, cell = (double)PICTURE / a->grid;
  if (!vx_svg_image(&m->svg, &image, x, y, PICTURE, PICTURE, "what the model was shown", error)) return false;
  for (int k = 0; k < m->count; k++) {
    int p = patch_of(m, m->tokens[k]);
    char name[200], number[12];
    double px = x + p % a->grid * cell, py = y + p / a->grid * cell;
    fprintf(m->svg.to,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\" fill-opacity=\".35\""
            " stroke=\"#%06x\" stroke-width=\"2\">",
            px, py, cell, cell, colour_of(m, k + 1), colour_of(m, k + 1));
    vx_plot_patch_name(a, m->options, p, name, sizeof name);
    vx_svg_title(&m->svg, name);
    snprintf(number, sizeof number, "%d", k + 1);
    fprintf(m->svg.to,
            "</rect><text class=\"m b\" style=\"fill:#fff;stroke:#000;stroke-width:2.5;paint-order:stroke\"");
    fprintf(m->svg.to, " x=\"%.1f\" y=\"%.1f\">%s</text>\n", px + cell / 2, py + cell / 2 + 4, number);
  }
  return true;
}

/* Numbers beside the input level's bars, where they are high enough to be read; the leading tokens and the others by
 * name. */
static void draw_names(flow_map *m) {
  double last = -100;
  for (int g = m->a->lead ? 0 : 1; g < m->groups; g++) {
    double h = m->scale * node_of(m, 0, g), y = m->top[g] + h / 2 + 4;
    char text[60];
    if (y < last + 11) y = last + 11;
    last = y;
    if (g == 0)
      snprintf(text, sizeof text, "%s", strcmp(m->a->lead, "[CLS]") == 0 ? "[CLS]" : "leading");
    else if (g == m->groups - 1)
      snprintf(text, sizeof text, "others");
    else
      snprintf(text, sizeof text, "%d", g);
    vx_svg_text(&m->svg, "e s", LEFT - 26, y, text);
    fprintf(m->svg.to, "<line class=\"axis\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke-opacity=\".5\"/>\n",
            LEFT - 23, y - 4, LEFT - 8, m->top[g] + h / 2);
  }
}

static void draw_levels(flow_map *m) {
  double y = TOP + BARS + 22;
  for (int l = 0; l <= m->a->layers; l++) {
    char text[30];
    bool crowded = m->a->layers > 16 && l % 2 && l != m->a->layers;
    if (crowded) continue;
    if (l == 0)
      snprintf(text, sizeof text, "input");
    else
      snprintf(text, sizeof text, "%d", l);
    vx_svg_text(&m->svg, "m", x_of(m, l), y, text);
  }
  char text[120];
  snprintf(text, sizeof text, "after layer (the decision is read from %s after the last)", m->a->read);
  vx_svg_text(&m->svg, "m s", (LEFT + RIGHT) / 2.0, y + 20, text);
}

static void describe(const flow_map *m, char *text, size_t size) {
  int used = snprintf(text, size,
                      "%s weights from the patches of the input (left) through %d layers to %s (right). Share of the "
                      "weight at the input:",
                      m->a->is_flow ? "Attention-flow" : "Attention-rollout", m->a->layers, m->a->read);
  for (int g = m->a->lead ? 0 : 1; g < m->groups && used > 0 && (size_t)used < size; g++) {
    char name[200];
    group_name(m, g, name, sizeof name);
    const char *mark = text[used - 1] == ':' ? "" : ";";
    used += snprintf(text + used, size - (size_t)used, "%s %s %.1f %%", mark, name, 100 * node_of(m, 0, g));
  }
}

static bool draw_all(flow_map *m, vx_error *error) {
  char style[2400], text[4000], title[600];
  describe(m, text, sizeof text);
  vx_plot_style(m->options->id, style, sizeof style);
  snprintf(title, sizeof title, "Flow map: %.500s", m->options->title);
  if (!vx_svg_begin(&m->svg, m->options->id, WIDTH, HEIGHT, title, text, style, error)) return false;
  fprintf(m->svg.to, "<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n", WIDTH, HEIGHT);
  vx_svg_text(&m->svg, "t", 24, 36, m->options->title);
  snprintf(text, sizeof text,
           "How %s weight runs from the patches through the layers to %s: bars and bands are as "
           "high as their share of the whole",
           m->a->is_flow ? "attention-flow" : "attention-rollout", m->a->read);
  vx_svg_text(&m->svg, "s", 24, 58, text);
  for (int l = 0; l < m->a->layers; l++) draw_bands(m, l);
  for (int l = 0; l <= m->a->layers; l++) draw_bars(m, l);
  draw_names(m);
  draw_levels(m);
  if (!draw_ways(m, error) || !draw_picture(m, error)) return false;
  double y = TOP + PICTURE + 24;
  vx_svg_text(&m->svg, "s", 24, y, "numbered: patches drawn one by one");
  vx_svg_text(&m->svg, "s", 24, y + 16, "lines: their strongest ways");
  vx_plot_legend(&m->svg, m->a, m->options, 24, y + 34);
  return true;
}

bool vx_flow_map_draw(const vx_attention *attention, const vx_plot_options *options, vx_bytes *svg, vx_error *error) {
  flow_map m = {.a = attention, .options = options};
  *svg = (vx_bytes){0};
  bool good = prepare(&m, error) && draw_all(&m, error);
  if (m.svg.to) good = vx_svg_end(&m.svg, svg, error) && good;
  if (!good) {
    free(svg->data);
    *svg = (vx_bytes){0};
  }
  free(m.node);
  free(m.top);
  free(m.edge);
  return good;
}
