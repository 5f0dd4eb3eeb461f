#include "harness/attention/plots_parts.h"

#include <stdio.h>

#include "harness/draw/colour.h"

void vx_plot_style(const char *id, char *text, size_t size) {
  snprintf(text, size,
           "#%s text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#1b1b1f}#%s .t{font-size:18px;font-weight:700}"
           "#%s .s{fill:#5c5c66;font-size:11px}#%s .m{text-anchor:middle}#%s .e{text-anchor:end}#%s .b{font-weight:700}"
           "#%s .bg{fill:#fff}#%s .axis{stroke:#8d8d99;stroke-width:1}#%s .band{fill-opacity:.5}"
           "#%s .line{fill:none;stroke-width:1.2;stroke-opacity:.4}#%s .way{fill:none;stroke:#1b1b1f;stroke-width:1.6}"
           "#%s .band:hover{fill-opacity:.95}#%s .line:hover{stroke-opacity:1;stroke-width:4}"
           "@media(prefers-color-scheme:dark){#%s text{fill:#ececf1}#%s .s{fill:#a5a5b3}#%s .bg{fill:#17171b}"
           "#%s .way{stroke:#fff}}",
           id, id, id, id, id, id, id, id, id, id, id, id, id, id, id, id, id);
}

const char *vx_plot_class_name(const vx_plot_options *options, int label, char *text, size_t size) {
  if (label == 255) return "void";
  if (label == 254 && options->class_count <= label) return "object"; /* of a binary mask */
  if (options->class_names && label < options->class_count && options->class_names[label])
    return options->class_names[label];
  if (label == 0) return "background";
  snprintf(text, size, "class %d", label);
  return text;
}

void vx_plot_patch_name(const vx_attention *a, const vx_plot_options *options, int patch, char *text, size_t size) {
  char name[40];
  int used = snprintf(text, size, "row %d, column %d", patch / a->grid + 1, patch % a->grid + 1);
  if (a->patch_label && used > 0 && (size_t)used < size)
    snprintf(text + used, size - (size_t)used, " \302\267 %s",
             vx_plot_class_name(options, a->patch_label[patch], name, sizeof name));
}

int vx_plot_labels(const vx_attention *a, int labels[256]) {
  int count = 0;
  for (int label = 0; label < 256 && a->patch_label; label++)
    for (int p = 0; p < a->patches; p++)
      if (a->patch_label[p] == label) {
        labels[count++] = label;
        break;
      }
  return count;
}

uint32_t vx_patch_colour(const vx_attention *a, int label) {
  int labels[256], count = vx_plot_labels(a, labels), place = 0;
  if (label == 0) return 0x8a8a94;
  if (label == 255) return 0xc9c9d1;
  for (int i = 0; i < count && labels[i] < label; i++) place += labels[i] != 0;
  return vx_colour_kind(place + 1); /* orange first: it stands out from grey */
}

void vx_plot_legend(vx_svg *svg, const vx_attention *a, const vx_plot_options *options, double x, double y) {
  int labels[256], count = vx_plot_labels(a, labels);
  char name[40];
  for (int i = 0; i < count; i++) {
    double at = y + 18 * i;
    fprintf(svg->to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"#%06x\"/>\n", x, at,
            vx_patch_colour(a, labels[i]));
    vx_svg_text(svg, "k", x + 18, at + 10.5, vx_plot_class_name(options, labels[i], name, sizeof name));
  }
}
