/* The maps of one image, made small: 8 bits a value, pixel maps averaged down; where they lie on the class mask; and
   the mean and spread of all methods that look at the model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/config/setting.h"
#include "harness/data/mask.h"
#include "harness/report/parts.h"
#include "harness/run/to_size.h"

/* One image at work. */
typedef struct taking {
  vx_report *report;
  const vx_report_level *level;
  int image;
  const uint8_t *labels; /* [height][width]; NULL: no mask */
  int width, height;
  vx_arena *arena;
  vx_sized sized;   /* the map at hand */
  uint8_t *regions; /* [region_height][region_width] VX_REPORT_SHARES: not counted */
  int region_width, region_height;
  double *sum, *square; /* [grid][grid] over methods */
  int methods;
} taking;

/* ---- where a map lies ------------------------------------------------------------------------------------------- */

/* Which share a label counts for. */
static uint8_t region_of(int label, int main_class, int predicted) {
  if (label == VX_LABEL_VOID) return VX_REPORT_SHARES;
  if (label == VX_LABEL_BACKGROUND) return 3;
  if (label == main_class) return 0;
  return label == predicted ? 1 : 2;
}

/* The class mask at the size of a map, as regions. Keeps the last one made. */
static bool make_regions(taking *t, int width, int height, vx_error *error) {
  if (t->regions && t->region_width == width && t->region_height == height) return true;
  vx_geometry geometry;
  size_t pixels = (size_t)width * (size_t)height;
  t->regions = VX_TAKE(t->arena, pixels, uint8_t);
  if (!t->regions) return vx_fail(error, "report", "out of memory");
  t->region_width = width;
  t->region_height = height;
  vx_setting setting;
  if (!vx_setting_make(&t->report->scoring, &setting, error) ||
      !vx_frame_to_map(&t->report->input, t->width, t->height, width, height, &geometry, error) ||
      !vx_resize_labels(t->labels, t->width, t->height, &geometry, setting.truth.resize, t->regions, error)) {
    return false;
  }
  uint8_t region[VX_LABELS];
  int main_class = t->report->images.rows[t->image].main_class;
  int predicted = vx_report_predicted_class(t->report, t->image);
  for (int label = 0; label < VX_LABELS; label++) region[label] = region_of(label, main_class, predicted);
  for (size_t i = 0; i < pixels; i++) t->regions[i] = region[t->regions[i]];
  return true;
}

/* Share of `h` (NULL: of the area) in each region. */
static void measure_shares(const taking *t, const double *h, double *share) {
  double sum[VX_REPORT_SHARES + 1] = {0}, all = 0;
  size_t pixels = (size_t)t->region_width * (size_t)t->region_height;
  for (size_t i = 0; i < pixels; i++) sum[t->regions[i]] += h ? h[i] : 1;
  for (int r = 0; r < VX_REPORT_SHARES; r++) all += sum[r];
  for (int r = 0; r < VX_REPORT_SHARES; r++) share[r] = all > 0 ? sum[r] / all : NAN;
}

/* The map at the size that its shares are measured at: its own, or the model's input for a patch map. */
static bool raise_map(taking *t, const vx_method_row *method, const vx_map *map, vx_error *error) {
  bool patch = map->kind == VX_MAP_PATCH;
  int side = t->report->input.size;
  return vx_to_size_stored(&t->sized, map, method->is_mask, method->name, patch ? side : map->height,
                           patch ? side : map->width, error);
}

/* ---- small forms ------------------------------------------------------------------------------------------------ */

/* Mean of h over the pixels of each cell of side x side, into cells. */
static void average_down(const vx_heat *heat, int side, double *cells) {
  for (int y = 0; y < side; y++) {
    int top = y * heat->height / side, bottom = (y + 1) * heat->height / side;
    if (bottom == top) bottom++;
    for (int x = 0; x < side; x++) {
      int left = x * heat->width / side, right = (x + 1) * heat->width / side;
      if (right == left) right++;
      double sum = 0;
      for (int j = top; j < bottom; j++)
        for (int i = left; i < right; i++) sum += heat->h[(size_t)j * (size_t)heat->width + (size_t)i];
      cells[y * side + x] = sum / ((bottom - top) * (right - left));
    }
  }
}

static void range_of(const double *values, int count, double *low, double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (int i = 0; i < count; i++) {
    *low = fmin(*low, values[i]);
    *high = fmax(*high, values[i]);
  }
}

/* values [count] between their lowest and highest as bytes; a flat map as what it counts for: a mask that is on
   everywhere as 255, any other as 0. Marks flat ones in `packed`. */
static json_t *pack_values(taking *t, const double *values, int count, json_t *packed) {
  double low, high;
  uint8_t *bytes = VX_TAKE(t->arena, count, uint8_t);
  if (!bytes) return NULL;
  range_of(values, count, &low, &high);
  bool on = t->sized.heat.is_mask && low > 0.5;
  for (int i = 0; i < count; i++)
    bytes[i] = high > low ? (uint8_t)lround(255 * (values[i] - low) / (high - low)) : on ? 255 : 0;
  bool flat = t->sized.heat.flat || (t->sized.heat.is_mask && !(high > low));
  if (flat) vx_report_put(t->report, packed, "f", json_true());
  return vx_embed_bytes(bytes, (size_t)count);
}

/* The mask of a pixel map, every so many pixels one: bit 7 of the first byte is the upper left one. */
static json_t *pack_mask(taking *t, double threshold, bool is_level) {
  int side = t->level->mask;
  size_t size = ((size_t)side * (size_t)side + 7) / 8;
  uint8_t *bits = VX_TAKE(t->arena, size, uint8_t);
  if (!bits) return NULL;
  memset(bits, 0, size);
  for (int y = 0, at = 0; y < side; y++) {
    int row = (int)((y + 0.5) * t->sized.heat.height / side);
    for (int x = 0; x < side; x++, at++) {
      size_t pixel = (size_t)row * (size_t)t->sized.heat.width + (size_t)((x + 0.5) * t->sized.heat.width / side);
      bool in = is_level ? t->sized.heat.u[pixel] > threshold : t->sized.heat.h[pixel] > threshold;
      if (in && !t->sized.heat.flat) bits[at / 8] |= (uint8_t)(0x80 >> at % 8);
    }
  }
  return vx_embed_bytes(bits, size);
}

static json_t *pack_map(taking *t, int method, const vx_map *map) {
  double threshold = (double)t->report->thresholds[(size_t)method * (size_t)t->report->images.count + (size_t)t->image];
  bool is_level = strcmp(t->report->scoring.threshold, "otsu") == 0;
  bool patch = map->kind == VX_MAP_PATCH;
  int side = patch ? map->width : t->level->pixel_map, cells = patch ? map->width * map->height : side * side;
  double *values = VX_TAKE(t->arena, cells, double);
  if (!values) return NULL;
  for (int i = 0; patch && i < cells; i++) values[i] = (double)map->heat[i];
  if (!patch) average_down(&t->sized.heat, side, values);
  json_t *packed = json_object();
  vx_report_put(t->report, packed, "t", vx_embed_number(threshold, 6));
  vx_report_put(t->report, packed, "k", json_integer(side));
  vx_report_put(t->report, packed, "d", pack_values(t, values, cells, packed));
  if (patch) return packed;
  vx_report_put(t->report, packed, "n", json_integer(t->level->mask));
  vx_report_put(t->report, packed, "m", pack_mask(t, threshold, is_level));
  return packed;
}

/* ---- all methods together --------------------------------------------------------------------------------------- */

static bool add_to_mean(taking *t) {
  int grid = t->report->run.grid;
  double low, high, *cells = VX_TAKE(t->arena, grid * grid, double);
  if (!cells) return false;
  average_down(&t->sized.heat, grid, cells);
  range_of(cells, grid * grid, &low, &high);
  if (!(high > low)) return true; /* flat: says nothing about where */
  for (int i = 0; i < grid * grid; i++) {
    double v = (cells[i] - low) / (high - low);
    t->sum[i] += v;
    t->square[i] += v * v;
  }
  t->methods++;
  return true;
}

static void finish_mean(taking *t, vx_image_sum *into) {
  int cells = t->report->run.grid * t->report->run.grid;
  if (!t->methods) return;
  double spread = 0, n = t->methods;
  for (int i = 0; i < cells; i++) {
    double mean = t->sum[i] / n;
    spread += sqrt(fmax(0, t->square[i] / n - mean * mean));
  }
  into->dispute = spread / cells;
}

/* ---- one image -------------------------------------------------------------------------------------------------- */

static int method_index(const vx_report *report, int64_t id) {
  for (int m = 0; m < report->method_count; m++)
    if (report->methods[m].id == id) return m;
  return -1;
}

static bool take_shares(taking *t, int method, vx_error *error) {
  double share[VX_REPORT_SHARES];
  if (!t->labels || t->sized.heat.flat) return true;
  if (!make_regions(t, t->sized.heat.width, t->sized.heat.height, error)) return false;
  measure_shares(t, t->sized.heat.h, share);
  size_t at = ((size_t)method * (size_t)t->report->images.count + (size_t)t->image) * VX_REPORT_SHARES;
  for (int r = 0; r < VX_REPORT_SHARES; r++) t->report->shares[at + (size_t)r] = (float)share[r];
  return true;
}

static bool take_map(taking *t, const vx_map_row *row, json_t *maps, vx_error *error) {
  int method = method_index(t->report, row->method);
  if (method < 0) return true;
  const vx_method_row *about = &t->report->methods[method];
  if (!raise_map(t, about, &row->map, error) || !take_shares(t, method, error)) return false;
  bool ok = about->trivial || about->is_mask || add_to_mean(t);
  if (ok && maps) ok = json_array_set_new(maps, (size_t)method, pack_map(t, method, &row->map)) == 0;
  return ok || vx_fail(error, "report", "out of memory");
}

static bool take_all(taking *t, json_t *maps, vx_error *error) {
  vx_report *report = t->report;
  vx_map_row *rows;
  int count, grid = report->run.grid;
  if (!vx_query_maps(report->store, report->images.rows[t->image].id, t->arena, &rows, &count, error)) return false;
  t->sum = VX_TAKE(t->arena, grid * grid, double);
  t->square = VX_TAKE(t->arena, grid * grid, double);
  if (!t->sum || !t->square) return vx_fail(error, "report", "out of memory");
  memset(t->sum, 0, (size_t)(grid * grid) * sizeof *t->sum);
  memset(t->square, 0, (size_t)(grid * grid) * sizeof *t->square);
  if (t->labels) {
    if (!make_regions(t, report->input.size, report->input.size, error)) return false;
    measure_shares(t, NULL, report->sums[t->image].area);
  }
  for (int i = 0; i < count; i++)
    if (!take_map(t, &rows[i], maps, error)) return false;
  finish_mean(t, &report->sums[t->image]);
  return true;
}

json_t *vx_report_take_maps(vx_report *report, int image, const vx_report_level *level, const uint8_t *labels,
                            int width, int height, vx_arena *arena, vx_error *error) {
  taking t = {.report = report,
              .level = level,
              .image = image,
              .labels = labels,
              .width = width,
              .height = height,
              .arena = arena};
  json_t *maps = json_array();
  for (int m = 0; maps && m < report->method_count; m++) vx_report_push(report, maps, json_null());
  bool ok = maps ? take_all(&t, maps, error) : vx_fail(error, "report", "out of memory");
  vx_sized_free(&t.sized);
  if (ok) return maps;
  json_decref(maps);
  return NULL;
}
