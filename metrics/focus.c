/* Relevance share: how much of the map lies on the object, without any threshold. */
#include "metrics/measure.h"

static bool measure(const vx_case *in, const vx_args *args, double *columns, vx_error *error) {
  (void)args, (void)error;
  const vx_heat *heat = in->heat;
  size_t pixels = (size_t)heat->height * (size_t)heat->width;
  double mass[4] = {0};
  for (size_t i = 0; i < pixels; i++) mass[in->truth[i] & 3] += heat->h[i];
  double all = mass[VX_FOREGROUND] + mass[VX_BACKGROUND];
  columns[0] = all > 0 ? mass[VX_FOREGROUND] / all : 0;
  return true;
}

const vx_measure vx_measure_focus = {
    .id = "focus",
    .title = "Relevance share",
    .cite = "Arras et al. 2022 (relevance mass accuracy)",
    .meaning = "Share of the scaled map's mass that lies on foreground; the trivial method `foreground` gives the "
               "object's share of the picture.",
    .reads_heat = true,
    .column_count = 1,
    .columns = {VX_SHARE_COLUMN("focus", "Relevance share",
                                "sum of h on foreground / sum of h on all pixels counted; a flat map has 0")},
    .measure = measure,
};
