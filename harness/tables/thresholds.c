#include "harness/tables/thresholds.h"

#include <math.h>
#include <string.h>

#include "harness/study/oracle.h"
#include "harness/tables/heading.h"
#include "harness/tables/truth_note.h"

enum { METHOD, FAMILY, OTSU, MEAN, HALF, DATA_SET, LEVEL, IMAGE, N, COLUMNS };

static const vx_sheet_column threshold_columns[COLUMNS] = {
    [METHOD] = {"method", "method", 0, true},
    [FAMILY] = {"family", "family", 0, true},
    [OTSU] = {"otsu", "Otsu", 2, false},
    [MEAN] = {"mean", "mean", 2, false},
    [HALF] = {"half", "0.5", 2, false},
    [DATA_SET] = {"oracle_data_set", "oracle: data set", 2, false},
    [LEVEL] = {"oracle_level", "its level", 0, false},
    [IMAGE] = {"oracle_image", "oracle: image", 2, false},
    [N] = {"n", "n", 0, false},
};

static void put_rows(vx_sheet *sheet, const vx_oracle_row *rows, int count) {
  for (int i = 0; i < count; i++) {
    const vx_oracle_row *r = &rows[i];
    vx_sheet_row(sheet);
    vx_sheet_text(sheet, METHOD, "%s", r->method->name);
    if (r->method->trivial) vx_sheet_show(sheet, METHOD, "%s *", r->method->name);
    vx_sheet_text(sheet, FAMILY, "%s", r->method->family);
    vx_sheet_real(sheet, OTSU, 100 * r->otsu);
    vx_sheet_real(sheet, MEAN, 100 * r->mean);
    vx_sheet_real(sheet, HALF, 100 * r->half);
    vx_sheet_real(sheet, DATA_SET, 100 * r->data_set);
    if (r->n) vx_sheet_int(sheet, LEVEL, r->level);
    vx_sheet_real(sheet, IMAGE, 100 * r->image);
    vx_sheet_int(sheet, N, r->n);
  }
}

static vx_sheet *make(vx_rescore *source, const vx_scoring_row *scoring, int jobs, vx_error *error) {
  vx_oracle_row *rows = VX_TAKE(source->arena, source->method_count + 1, vx_oracle_row);
  vx_sheet *sheet = rows ? vx_sheet_new(threshold_columns, COLUMNS) : NULL;
  if (!sheet) return vx_fail(error, vx_store_path(source->store), "out of memory"), NULL;
  vx_heading heading;
  int untrue;
  if (!vx_oracle_make(source, scoring, jobs, rows, error) ||
      !vx_heading_read(source->store, &source->run, scoring, &source->images, NAN, source->arena, &heading, error) ||
      !vx_truth_note(source->store, source->run.id, source->arena, sheet, &untrue, error)) {
    vx_sheet_free(sheet);
    return NULL;
  }
  vx_sheet_title(sheet, "%s: mean IoU over images by threshold, in percent", heading.title);
  vx_heading_put(&heading, NULL, sheet);
  put_rows(sheet, rows, source->method_count);
  vx_sheet_note(sheet,
                "oracle: chosen with the truth at hand, of the 256 levels t of the mask u > t: data set: the one "
                "that is best for all images together; image: the best for each.");
  vx_sheet_note(sheet, "mean and 0.5 are taken as u > 255 t on maps at input resolution. * never looks at the model.");
  return sheet;
}

vx_sheet *vx_thresholds_make(vx_store *store, const vx_thresholds_options *o, vx_error *error) {
  vx_rescore source;
  vx_scoring_row scoring;
  vx_sheet *sheet = NULL;
  if (!vx_rescore_open(&source, store, o->run, o->root, NULL, error)) return NULL;
  if (vx_query_scoring(store, source.run.id, o->scoring, source.arena, &scoring, error)) {
    sheet = make(&source, &scoring, o->jobs, error);
  }
  vx_rescore_close(&source);
  return sheet;
}
