#include "harness/report/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/report/parts.h"

#define ASSET(name)                                                                                                    \
  extern const unsigned char vx_asset_##name[];                                                                        \
  extern const size_t vx_asset_##name##_size;

ASSET(report_html)
ASSET(report_css)
ASSET(core_js)
ASSET(table_js)
ASSET(plot_js)
ASSET(compare_js)
ASSET(measures_js)
ASSET(film_js)
ASSET(maps_js)
ASSET(gallery_js)
ASSET(image_js)
ASSET(wrong_js)
ASSET(attention_js)
ASSET(main_js)

typedef struct asset {
  const unsigned char *text;
  const size_t *size;
} asset;

#define SCRIPT(name)                                                                                                   \
  { vx_asset_##name##_js, &vx_asset_##name##_js_size }

/* One script, in this order. */
static const asset scripts[] = {SCRIPT(core),     SCRIPT(table), SCRIPT(plot),      SCRIPT(compare),
                                SCRIPT(measures), SCRIPT(maps),  SCRIPT(gallery),   SCRIPT(film),
                                SCRIPT(image),    SCRIPT(wrong), SCRIPT(attention), SCRIPT(main)};

vx_report_options vx_report_defaults(void) {
  return (vx_report_options){.min_confidence = NAN, .resamples = 10000, .seed = 1, .megabytes = 30};
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool take_memory(vx_report *report, vx_error *error) {
  size_t images = (size_t)report->images.count, methods = (size_t)report->method_count;
  size_t shares = methods * images * VX_REPORT_SHARES;
  report->sums = VX_TAKE(report->arena, images + 1, vx_image_sum);
  report->shares = VX_TAKE(report->arena, shares + 1, float);
  report->thresholds = VX_TAKE(report->arena, methods * images + 1, float);
  if (!report->sums || !report->shares || !report->thresholds) return vx_fail(error, "report", "out of memory");
  for (size_t i = 0; i < shares; i++) report->shares[i] = NAN;
  for (size_t i = 0; i < images; i++) {
    report->sums[i] = (vx_image_sum){.dispute = NAN, .area = {NAN, NAN, NAN, NAN}};
  }
  return true;
}

static bool read_thresholds(vx_report *report, vx_error *error) {
  int images = report->images.count;
  double *column = VX_TAKE(report->arena, images + 1, double);
  if (!column) return vx_fail(error, "report", "out of memory");
  for (int m = 0; m < report->method_count; m++) {
    if (!vx_query_values(report->store, report->scoring.id, report->methods[m].id, &report->images, "threshold", column,
                         error)) {
      return false;
    }
    for (int i = 0; i < images; i++) report->thresholds[(size_t)m * (size_t)images + (size_t)i] = (float)column[i];
  }
  return true;
}

static bool read_run(vx_report *r, vx_error *error) {
  const vx_report_options *o = r->options;
  return vx_query_run(r->store, o->run, r->arena, &r->run, error) &&
         vx_query_scoring(r->store, r->run.id, o->scoring, r->arena, &r->scoring, error) &&
         vx_query_methods(r->store, r->run.id, r->arena, &r->methods, &r->method_count, error) &&
         vx_query_images(r->store, &r->run, o->min_confidence, r->arena, &r->images, error) &&
         vx_columns_read(r->store, r->run.id, r->scoring.id, r->arena, &r->columns, &r->column_count, error) &&
         vx_heading_read(r->store, &r->run, &r->scoring, &r->images, o->min_confidence, r->arena, &r->heading, error) &&
         vx_query_classes(r->store, r->run.id, r->arena, &r->classes, &r->class_count, error) &&
         vx_query_labels(r->store, r->run.id, r->arena, &r->labels, &r->label_count, error) &&
         vx_origin_input(&r->run, &r->input, error) && take_memory(r, error) && read_thresholds(r, error);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void write_style(vx_report *report) {
  fputs("<style>\n", report->to);
  fwrite(vx_asset_report_css, 1, vx_asset_report_css_size, report->to);
  fputs("</style>\n", report->to);
}

static void write_script(vx_report *report) {
  fputs("<script>\n\"use strict\";\n", report->to);
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
    fwrite(scripts[i].text, 1, *scripts[i].size, report->to);
  fputs("</script>\n", report->to);
}

/* The template, its marks replaced: @title@, @style@, @data@, @script@. */
static bool write_page(vx_report *report, vx_error *error) {
  const char *at = (const char *)vx_asset_report_html;
  for (const char *mark; (mark = strchr(at, '@')) != NULL;) {
    const char *end = strchr(mark + 1, '@');
    size_t length = end ? (size_t)(end - mark) + 1 : 1;
    fwrite(at, 1, (size_t)(mark - at), report->to);
    if (strncmp(mark, "@title@", length) == 0) {
      vx_embed_html(report->to, report->heading.title);
    } else if (strncmp(mark, "@style@", length) == 0) {
      write_style(report);
    } else if (strncmp(mark, "@script@", length) == 0) {
      write_script(report);
    } else if (strncmp(mark, "@data@", length) == 0) {
      if (!vx_report_write_images(report, error) || !vx_report_write_attention(report, error) ||
          !vx_report_write_summary(report, error))
        return false;
    }
    at = mark + length;
  }
  fputs(at, report->to);
  return true;
}

/* Writes beside `path` and puts the file in its place when it is whole. */
static bool write_file(vx_report *report, const char *path, vx_error *error) {
  char part[4096];
  if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) return vx_fail(error, path, "name is too long");
  report->to = fopen(part, "wb");
  if (!report->to) return vx_fail(error, part, "cannot be written: %s", strerror(errno));
  bool ok = write_page(report, error);
  report->made->bytes = (int64_t)ftello(report->to);
  bool written = fflush(report->to) == 0 && !ferror(report->to);
  if (fclose(report->to) != 0) written = false;
  if (ok && !written) ok = vx_fail(error, part, "cannot be written: %s", strerror(errno));
  if (ok && rename(part, path) != 0) ok = vx_fail(error, path, "cannot be written: %s", strerror(errno));
  if (!ok) unlink(part);
  return ok;
}

bool vx_report_write(vx_store *store, const vx_report_options *options, const char *path, vx_report_made *made,
                     vx_error *error) {
  *made = (vx_report_made){.images = 0};
  vx_report report = {.store = store, .options = options, .made = made, .arena = vx_arena_new()};
  if (!report.arena) return vx_fail(error, "report", "out of memory");
  bool ok = read_run(&report, error);
  if (ok) {
    made->images = report.images.count;
    vx_report_open_data(&report);
    ok = write_file(&report, path, error);
    vx_origin_close(&report.origin);
  }
  vx_arena_free(report.arena);
  return ok;
}
