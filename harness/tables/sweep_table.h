/* A sweep as tables: what each choice does, and which combinations lie nearest to a row. */
#ifndef VX_TABLES_SWEEP_TABLE_H
#define VX_TABLES_SWEEP_TABLE_H

#include "harness/study/sweep.h"
#include "harness/tables/sheet.h"

/* A row a choice and level: the three numbers averaged over all combinations that have it (methods that never look at
   the model apart, but for their own rows), and a choice's range: how far its levels lie apart. NULL when memory is
   out. */
vx_sheet *vx_sweep_effects(const vx_sweep *sweep);

/* The measures that do not look at the truth, in their own unit, by method, normalisation and gate: the other choices
   do not touch them. Only where measure_count > 0; NULL when memory is out. */
vx_sheet *vx_sweep_measures(const vx_sweep *sweep);

/* Combinations nearest to `row` (IoU, F1, pixel accuracy in percent; NaN: not given), the nearest first, at most `top`
   and all that tie with the first: as near as it within 0.005 points, what two printed decimals cannot tell apart. */
vx_sheet *vx_sweep_nearest(const vx_sweep *sweep, const double row[3], const char *title, int top);

#endif
