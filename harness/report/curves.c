/* Curves behind the measures: their means over the images, method by method; and of those along which patches are
   removed (deletion, insertion by patches) each shown image's own, with the order in which its map gives up the
   patches: what the image's film is made of. */
#include <math.h>
#include <string.h>

#include "harness/report/parts.h"

enum { KINDS_MAX = 64, POINTS_MAX = 1024 };

/* One curve of one measure, over the images: sums by method and point. */
typedef struct kind {
  const char *metric, *name;
  int points;
  int *n;               /* [methods] */
  double *sum, *square; /* [methods][points] */
} kind;

typedef struct vx_report_curves {
  kind kinds[KINDS_MAX];
  int count;
} vx_report_curves;

static bool no_memory(vx_error *error) {
  return vx_fail(error, "report", "out of memory");
}

/* The kind of a curve, made where it is the first of its kind; NULL without memory, or where there are too many. */
static kind *kind_of(vx_report *report, const vx_curve *curve) {
  vx_report_curves *all = report->curves;
  size_t methods = (size_t)report->method_count, points = (size_t)curve->count;
  for (int i = 0; i < all->count; i++)
    if (strcmp(all->kinds[i].metric, curve->metric) == 0 && strcmp(all->kinds[i].name, curve->name) == 0)
      return &all->kinds[i];
  if (all->count == KINDS_MAX) return NULL;
  kind k = {.metric = vx_arena_text(report->arena, curve->metric),
            .name = vx_arena_text(report->arena, curve->name),
            .points = curve->count,
            .n = VX_TAKE(report->arena, methods + 1, int),
            .sum = VX_TAKE(report->arena, methods * points + 1, double),
            .square = VX_TAKE(report->arena, methods * points + 1, double)};
  if (!k.metric || !k.name || !k.n || !k.sum || !k.square) return NULL;
  all->kinds[all->count] = k;
  return &all->kinds[all->count++];
}

static int method_place(const vx_report *report, int64_t id) {
  for (int m = 0; m < report->method_count; m++)
    if (report->methods[m].id == id) return m;
  return -1;
}

static void add_to_sums(kind *k, int method, const vx_curve *curve) {
  if (k->points != curve->count) return; /* of another length than the first: no point is the same as another's */
  for (int i = 0; i < k->points; i++)
    if (!isfinite(curve->value[i])) return;
  k->n[method]++;
  for (int i = 0; i < k->points; i++) {
    double v = (double)curve->value[i];
    k->sum[method * k->points + i] += v;
    k->square[method * k->points + i] += v * v;
  }
}

/* ---- films ------------------------------------------------------------------------------------------------------ */

static bool is_film(const vx_column *c) {
  return c->measure && (strcmp(c->measure->id, "deletion") == 0 || strcmp(c->measure->id, "insertion") == 0) &&
         vx_column_is_with(c, "unit", "patch");
}

static bool has_film(const vx_report *report, const char *metric) {
  for (int i = 0; i < report->column_count; i++)
    if (strcmp(report->columns[i].of, metric) == 0) return is_film(&report->columns[i]);
  return false;
}

double vx_report_curve_bytes(const vx_report *report) {
  double films = 0, cells = report->run.grid * report->run.grid;
  for (int i = 0; i < report->column_count; i++) films += is_film(&report->columns[i]);
  return films > 0 ? 24 * films + (cells > 256 ? 2 : 1) * cells : 0;
}

/* Probabilities as bytes. */
static json_t *pack_curve(const vx_curve *curve, vx_arena *arena) {
  uint8_t *bytes = VX_TAKE(arena, curve->count + 1, uint8_t);
  if (!bytes) return NULL;
  for (int i = 0; i < curve->count; i++)
    bytes[i] = (uint8_t)lround(255 * fmin(1, fmax(0, isfinite(curve->value[i]) ? (double)curve->value[i] : 0)));
  return vx_embed_bytes(bytes, (size_t)curve->count);
}

/* The patches from the most relevant to the least, a byte each, two (the lower first) where there are more than 256. */
static json_t *pack_order(const vx_report *report, const vx_map *map, vx_arena *arena) {
  int grid = report->run.grid, cells = grid * grid, each = cells > 256 ? 2 : 1;
  double *a = VX_TAKE(arena, cells + 1, double);
  int *order = VX_TAKE(arena, cells + 1, int);
  uint8_t *bytes = VX_TAKE(arena, 2 * cells + 1, uint8_t);
  if (!a || !order || !bytes) return NULL;
  if (cells > 65536 || !vx_map_cells(map, grid, a)) return json_null();
  vx_map_order(a, cells, order);
  for (int i = 0; i < cells; i++)
    for (int b = 0; b < each; b++) bytes[each * i + b] = (uint8_t)(order[i] >> (8 * b) & 255);
  return vx_embed_bytes(bytes, (size_t)(each * cells));
}

/* A list over the methods, null where nothing is put. */
static json_t *list_of_methods(vx_report *report, json_t *into, const char *key) {
  json_t *list = vx_report_put_list(report, into, key);
  for (int m = 0; m < report->method_count; m++) vx_report_push(report, list, json_null());
  return list;
}

static void put_film(vx_report *report, int method, const vx_curve *curve, json_t *curves, vx_arena *arena) {
  json_t *list = json_object_get(curves, curve->metric);
  if (!list) list = list_of_methods(report, curves, curve->metric);
  if (json_array_set_new(list, (size_t)method, pack_curve(curve, arena)) != 0) report->lost = true;
}

static bool put_orders(vx_report *report, int image, json_t *into, vx_arena *arena, vx_error *error) {
  vx_map_row *rows;
  int count;
  json_t *orders = list_of_methods(report, into, "orders");
  if (!vx_query_maps(report->store, report->images.rows[image].id, arena, &rows, &count, error)) return false;
  for (int i = 0; i < count; i++) {
    int method = method_place(report, rows[i].method);
    if (method >= 0 && json_array_set_new(orders, (size_t)method, pack_order(report, &rows[i].map, arena)) != 0)
      report->lost = true;
  }
  return true;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------
 */

bool vx_report_take_curves(vx_report *report, int image, json_t *into, vx_arena *arena, vx_error *error) {
  vx_curve_row *rows;
  int count;
  bool film = false;
  json_t *curves = json_object();
  if (!report->curves) report->curves = VX_TAKE(report->arena, 1, vx_report_curves);
  bool good = (curves && report->curves) || no_memory(error);
  good = good &&
         vx_query_curves(report->store, report->scoring.id, report->images.rows[image].id, arena, &rows, &count, error);
  for (int i = 0; good && i < count; i++) {
    int method = method_place(report, rows[i].method);
    const vx_curve *curve = &rows[i].curve;
    if (method < 0 || curve->count < 2 || curve->count > POINTS_MAX) continue;
    kind *k = kind_of(report, curve);
    if (k) add_to_sums(k, method, curve);
    good = k || report->curves->count == KINDS_MAX || no_memory(error);
    if (!into || !has_film(report, curve->metric)) continue;
    film = true;
    put_film(report, method, curve, curves, arena);
  }
  good = good && (!film || put_orders(report, image, into, arena, error));
  if (good && film)
    vx_report_put(report, into, "curves", curves);
  else
    json_decref(curves);
  return good;
}

/* [n, means, standard errors] of a method; null without images. */
static void put_sums(vx_report *report, const kind *k, int method, json_t *methods) {
  double n = k->n[method];
  if (n == 0) {
    vx_report_push(report, methods, json_null());
    return;
  }
  json_t *means = json_array(), *errors = json_array();
  for (int i = 0; i < k->points; i++) {
    double mean = k->sum[method * k->points + i] / n, square = k->square[method * k->points + i] / n;
    double variance = n > 1 ? fmax(0, square - mean * mean) * n / (n - 1) : NAN;
    vx_report_push(report, means, vx_embed_number(mean, 4));
    vx_report_push(report, errors, vx_embed_number(sqrt(variance / n), 3));
  }
  vx_report_push(report, methods, json_pack("[i, o, o]", k->n[method], means, errors));
}

void vx_report_add_curves(vx_report *report, json_t *summary) {
  json_t *list = vx_report_put_list(report, summary, "curves");
  for (int i = 0; report->curves && i < report->curves->count; i++) {
    const kind *k = &report->curves->kinds[i];
    json_t *one = json_object();
    vx_report_put(report, one, "of", vx_embed_text(k->metric));
    vx_report_put(report, one, "name", vx_embed_text(k->name));
    vx_report_put(report, one, "film", json_boolean(has_film(report, k->metric)));
    json_t *methods = vx_report_put_list(report, one, "methods");
    for (int m = 0; m < report->method_count; m++) put_sums(report, k, m, methods);
    vx_report_push(report, list, one);
  }
}
