/* The pointing game: does the map's maximum lie on the object? Without tolerance. */
#include "metrics/measure.h"

static bool measure(const vx_case *in, const vx_args *args, double *columns, vx_error *error) {
  (void)args, (void)error;
  const vx_heat *heat = in->heat;
  bool constant = heat->low == heat->high; /* the maximum is everywhere: it points to nothing */
  columns[0] = !constant && in->truth[heat->peak] == VX_FOREGROUND;
  columns[1] = in->truth[constant ? 0 : heat->peak] == VX_FOREGROUND;
  return true;
}

const vx_measure vx_measure_pointing = {
    .id = "pointing",
    .title = "Pointing game",
    .cite = "Zhang et al. 2018 (Excitation Backprop)",
    .meaning = "1 if the first maximum in row order of the upsampled map lies on foreground; ignored pixels are a "
               "miss.",
    .reads_heat = true,
    .column_count = 2,
    .columns = {VX_SHARE_COLUMN("pointing", "Pointing", "a flat map is a miss"),
                VX_SHARE_COLUMN("pointing_published", "Pointing (as published)",
                                "a flat map points at the upper left corner")},
    .measure = measure,
};
