/* `vitx explain`: what is drawn, against formulas of its own and against a run; consensus, contrasts. */
#include <math.h>

#include "harness/data/picture.h"
#include "harness/draw/overlay.h"
#include "harness/pictures/agreement.h"
#include "harness/store/stored.h"
#include "statistics/rank.h"
#include "tests/support/program.h"

#define MODEL "tests/golden/models/vit-micro"
#define PICTURE "data/smoke/JPEGImages/smoke_0002.jpg"

static char folder[512];

static void setup(void) {
  make_folder(folder);
}

static void teardown(void) {
  remove_folder(folder);
}

/* Runs the program with `arguments` (a shell's words); its exit status. Output lies in folder/said. */
/* ---- formulas written down a second time ------------------------------------------------------------------------ */

/* Value of a map [side][side] at pixel (x, y) of out x out: the four neighbours of the half-pixel position, with
   weights, in one sum. */
static double sample(const double *map, int side, int out, int x, int y) {
  double sum = 0, place[2] = {(y + 0.5) * side / out - 0.5, (x + 0.5) * side / out - 0.5};
  for (int i = 0; i < 2; i++) place[i] = fmin(fmax(place[i], 0), side - 1);
  for (int v = 0; v < side; v++)
    for (int u = 0; u < side; u++)
      sum += fmax(0, 1 - fabs(v - place[0])) * fmax(0, 1 - fabs(u - place[1])) * map[v * side + u];
  return sum;
}

/* Otsu by its definition: the first level that leaves the largest variance between the classes up to it and above. */
static int otsu_by_definition(const int *u, int count) {
  int best = 0;
  double most = 0;
  for (int t = 0; t < 255; t++) {
    double n[2] = {0, 0}, sum[2] = {0, 0};
    for (int i = 0; i < count; i++) n[u[i] > t]++, sum[u[i] > t] += u[i];
    if (n[0] == 0 || n[1] == 0) continue;
    double apart = sum[0] / n[0] - sum[1] / n[1], variance = n[0] * n[1] * apart * apart;
    if (variance > most * (1 + 1e-12)) most = variance, best = t;
  }
  return best;
}

static vx_picture drawn_file(const char *name) {
  vx_picture picture;
  vx_error error = {"", ""};
  char *path = path_in(folder, name);
  ck_assert_msg(vx_picture_read(path, &picture, &error), "%s: %s", error.where, error.why);
  free(path);
  return picture;
}

typedef struct opened {
  vx_model *model;
  vx_explain *explain;
} opened;

static vx_method methods[4];

static opened open_methods(const char *const *ids, int count, vx_draw_size size, int side, int against) {
  opened o;
  vx_error error = {"", ""};
  vx_blas_threads(1); /* as the program has it for small models: the same bits */
  o.model = vx_model_open(MODEL, &error);
  ck_assert_ptr_nonnull(o.model);
  for (int i = 0; i < count; i++) ck_assert(vx_method_from_id(ids[i], "test", &methods[i], &error));
  vx_explain_options options = {.model = o.model,
                                .folder = MODEL,
                                .methods = methods,
                                .method_count = count,
                                .precision = VX_MIXED,
                                .target = VX_TARGET_TOP,
                                .against = against,
                                .size = size,
                                .side = side};
  o.explain = vx_explain_open(&options, &error);
  ck_assert_msg(o.explain != NULL, "%s: %s", error.where, error.why);
  return o;
}

static void close_methods(opened *o) {
  vx_explain_close(o->explain);
  vx_model_close(o->model);
}

static const vx_explained *explained(opened *o, const char *path) {
  vx_error error = {"", ""};
  const vx_explained *e = vx_explain_picture(o->explain, path, &error);
  ck_assert_msg(e != NULL, "%s: %s", error.where, error.why);
  return e;
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

static void check_pixel(const vx_picture *drawn, size_t i, const double expected[3], const char *what) {
  for (size_t c = 0; c < 3; c++)
    ck_assert_msg(fabs(drawn->rgb[3 * i + c] - expected[c]) <= 0.5 + 1e-4, "%s: pixel %zu channel %zu is %d, not %g",
                  what, i, c, drawn->rgb[3 * i + c], expected[c]);
}

static void check_method(const vx_drawn *drawn, int side, const char *stem) {
  char name[200];
  int pixels = side * side, *u = malloc((size_t)pixels * sizeof *u);
  double *h = malloc((size_t)pixels * sizeof *h), low = INFINITY, high = -INFINITY;
  for (int i = 0; i < pixels; i++) {
    h[i] = sample(drawn->sized.value, drawn->sized.rows, side, i % side, i / side);
    low = fmin(low, h[i]), high = fmax(high, h[i]);
  }
  for (int i = 0; i < pixels; i++) {
    h[i] = (h[i] - low) / (high - low);
    u[i] = (int)floor(255 * h[i] + 1e-9);
  }
  int level = otsu_by_definition(u, pixels);
  static const char *const kinds[] = {"overlay", "v", "v-otsu", "outline"};
  vx_picture files[4], picture;
  snprintf(name, sizeof name, "out/%s/picture.png", stem);
  picture = drawn_file(name);
  ck_assert(picture.width == side && picture.height == side);
  for (int k = 0; k < 4; k++) {
    snprintf(name, sizeof name, "out/%s/%s-%s.png", stem, drawn->method->name, kinds[k]);
    files[k] = drawn_file(name);
    ck_assert(files[k].width == side && files[k].height == side);
  }
  const vx_colours *grey = vx_colours_find("grey");
  ck_assert_ptr_nonnull(grey);
  for (int i = 0; i < pixels; i++) {
    const uint8_t *rgb = picture.rgb + 3 * i;
    double overlay[3], product[3], masked[3];
    for (int c = 0; c < 3; c++) {
      overlay[c] = 0.7 * rgb[c] + 0.3 * 255 * h[i]; /* --map grey --alpha 0.3 */
      product[c] = rgb[c] * h[i];
      masked[c] = u[i] > level ? rgb[c] : 0;
    }
    check_pixel(&files[0], (size_t)i, overlay, drawn->method->name);
    check_pixel(&files[1], (size_t)i, product, drawn->method->name);
    check_pixel(&files[2], (size_t)i, masked, drawn->method->name);
    /* the outline: a pixel of the mask that touches one outside, or the picture's edge, is yellow */
    bool edge = false;
    for (int dy = -1; dy <= 1; dy++)
      for (int dx = -1; dx <= 1; dx++) {
        int x = i % side + dx, y = i / side + dy;
        edge |= x < 0 || y < 0 || x >= side || y >= side || u[y * side + x] <= level;
      }
    bool yellow = memcmp(files[3].rgb + 3 * i, "\xff\xd4\x00", 3) == 0;
    ck_assert_msg(yellow == (u[i] > level && edge), "%s: outline at %d", drawn->method->name, i);
  }
  for (int k = 0; k < 4; k++) vx_picture_free(&files[k]);
  vx_picture_free(&picture);
  free(h);
  free(u);
}

START_TEST(pixels_are_what_the_formulas_say) {
  static const char *const ids[] = {"rollout", "attn-gradcam", "saliency"};
  char arguments[900];
  snprintf(arguments, sizeof arguments,
           "explain " PICTURE " --model " MODEL " --methods rollout,attn-gradcam,saliency --map grey --alpha 0.3"
           " --size 80 --out '%s/out'",
           folder);
  ck_assert_int_eq(run_vitx(folder, arguments), 0);
  opened o = open_methods(ids, 3, VX_DRAW_OWN, 80, VX_AGAINST_NONE);
  const vx_explained *e = explained(&o, PICTURE);
  ck_assert(e->width == 80 && e->height == 80);
  for (int i = 0; i < 3; i++) {
    ck_assert(e->drawn[i].made && !e->drawn[i].sized.heat.flat);
    check_method(&e->drawn[i], 80, "smoke_0002");
  }
  char *sheet = path_in(folder, "out/smoke_0002/contact-sheet.png");
  vx_picture page;
  vx_error error;
  ck_assert(vx_picture_read(sheet, &page, &error));
  ck_assert(page.width > 1000 && page.height > 500);
  vx_picture_free(&page);
  free(sheet);
  close_methods(&o);
}
END_TEST

START_TEST(sizes_follow_the_input_or_the_picture) {
  static const char *const ids[] = {"rollout"};
  opened o = open_methods(ids, 1, VX_DRAW_INPUT, 0, VX_AGAINST_NONE);
  const vx_explained *e = explained(&o, PICTURE);
  int side = vx_model_shape(o.model)->image;
  ck_assert(e->width == side && e->height == side);
  close_methods(&o);
  o = open_methods(ids, 1, VX_DRAW_IMAGE, 0, VX_AGAINST_NONE);
  e = explained(&o, PICTURE);
  ck_assert(e->width == e->picture_width && e->height == e->picture_height);
  close_methods(&o);
  o = open_methods(ids, 1, VX_DRAW_AUTO, 0, VX_AGAINST_NONE);
  e = explained(&o, PICTURE);
  ck_assert(e->width % side == 0 && e->width <= 512 && e->width + side > 512);
  close_methods(&o);
}
END_TEST

/* The maps, thresholds and masks of a run, bit for bit: what is drawn is what is measured. */
START_TEST(drawn_at_input_size_is_what_a_run_scores) {
  static const char *const ids[] = {"rollout", "ag-cam", "lrp-stable", "saliency"};
  char arguments[1200], results[600];
  snprintf(results, sizeof results, "%s/r.sqlite", folder);
  snprintf(arguments, sizeof arguments,
           "run configs/smoke.yaml --set 'methods=[rollout, ag-cam, lrp-stable, saliency]' --set score.void=background"
           " --quiet --limit 2 --out '%s'",
           results);
  ck_assert_int_eq(run_vitx(folder, arguments), 0);
  opened o = open_methods(ids, 4, VX_DRAW_INPUT, 0, VX_AGAINST_NONE);
  const vx_explained *e = explained(&o, PICTURE);
  vx_error error = {"", ""};
  vx_arena *arena = vx_arena_new();
  vx_store *store = vx_store_open(results, VX_STORE_READ, &error);
  vx_run_row run;
  vx_scoring_row scoring;
  vx_image_set set;
  vx_method_row *rows;
  vx_map_row *maps;
  int count, map_count;
  ck_assert_msg(store && vx_query_run(store, 0, arena, &run, &error) &&
                    vx_query_scoring(store, run.id, NULL, arena, &scoring, &error) &&
                    vx_query_images(store, &run, NAN, arena, &set, &error) &&
                    vx_query_methods(store, run.id, arena, &rows, &count, &error) &&
                    vx_query_maps(store, set.rows[1].id, arena, &maps, &map_count, &error),
                "%s", error.why);
  ck_assert(set.count == 2 && strcmp(set.rows[1].image_id, "smoke_0002") == 0 && count == 4 && map_count == 4);
  for (int m = 0; m < 4; m++) {
    const vx_drawn *drawn = &e->drawn[m];
    vx_score_columns columns;
    double threshold[2];
    ck_assert_str_eq(rows[m].name, ids[m]);
    ck_assert(vx_score_columns_take(&columns, set.count, arena) &&
              vx_query_evaluations(store, scoring.id, rows[m].id, &set, &columns, &error) &&
              vx_query_values(store, scoring.id, rows[m].id, &set, "threshold", threshold, &error));
    double pixels = (double)e->width * e->height;
    ck_assert_double_eq(threshold[1], drawn->otsu);
    ck_assert_double_eq_tol(columns.tp[1] + columns.fp[1], drawn->share * pixels, 1e-6);
    const vx_map *map = NULL;
    for (int i = 0; i < map_count; i++)
      if (maps[i].method == rows[m].id) map = &maps[i].map;
    ck_assert_ptr_nonnull(map);
    for (int i = 0; i < map->width * map->height; i++) {
      if (map->kind == VX_MAP_PATCH)
        ck_assert_double_eq((double)map->heat[i], drawn->sized.value[i]);
      else
        ck_assert_int_eq(map->levels[i], drawn->sized.heat.u[i]);
    }
  }
  vx_store_close(store);
  vx_arena_free(arena);
  close_methods(&o);
}
END_TEST

/* ---- consensus, spread, contrast --------------------------------------------------------------------------------- */

START_TEST(agreement_is_what_it_says) {
  static const char *const ids[] = {"rollout", "center", "ag-cam", "lrp-stable"};
  opened o = open_methods(ids, 4, VX_DRAW_OWN, 48, VX_AGAINST_NONE);
  const vx_explained *e = explained(&o, PICTURE);
  size_t pixels = 48 * 48;
  vx_agreement a;
  vx_error error;
  ck_assert(vx_agreement_make(e->drawn, 4, pixels, &a, &error));
  ck_assert_int_eq(a.count, 3); /* center has no opinion */
  ck_assert(a.index[0] == 0 && a.index[1] == 2 && a.index[2] == 3);
  for (size_t p = 0; p < pixels; p++) {
    double x = e->drawn[0].sized.heat.h[p], y = e->drawn[2].sized.heat.h[p], z = e->drawn[3].sized.heat.h[p],
           mean = (x + y + z) / 3;
    double spread = sqrt((x * x + y * y + z * z) / 3 - mean * mean + 1e-18);
    ck_assert_double_lt(fabs(a.mean[p] - mean), 1e-12);
    ck_assert_double_lt(fabs(a.spread[p] - spread), 1e-7);
    ck_assert(a.spread[p] <= a.most);
  }
  ck_assert_double_eq(a.spread[a.most_at], a.most);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      double rho;
      const vx_drawn *one = &e->drawn[a.index[i]], *two = &e->drawn[a.index[j]];
      ck_assert(vx_spearman(one->sized.heat.h, two->sized.heat.h, pixels, &rho, &error));
      ck_assert_double_lt(fabs(rho - a.spearman[3 * i + j]), 1e-9);
      double both = 0, any = 0;
      for (size_t p = 0; p < pixels; p++) {
        bool in = one->sized.heat.u[p] > one->otsu, too = two->sized.heat.u[p] > two->otsu;
        both += in && too, any += in || too;
      }
      ck_assert_double_lt(fabs(both / any - a.iou[3 * i + j]), 1e-12);
    }
  ck_assert(a.nearest >= 0 && a.furthest >= 0 && a.typical[a.nearest] >= a.typical[a.furthest]);
  vx_agreement_free(&a);
  close_methods(&o);
}
END_TEST

START_TEST(contrasts_need_a_class) {
  static const char *const ids[] = {"rollout", "attn-gradcam"};
  opened o = open_methods(ids, 2, VX_DRAW_OWN, 40, VX_AGAINST_NEXT);
  const vx_explained *e = explained(&o, PICTURE);
  ck_assert_int_eq(e->target, e->top[0].label);
  ck_assert_int_eq(e->against, e->top[1].label);
  ck_assert(!e->drawn_against[0].made && e->drawn_against[1].made);
  double contrast[1600], most = 0;
  vx_contrast(&e->drawn[1].sized.heat, &e->drawn_against[1].sized.heat, 1600, contrast);
  for (int i = 0; i < 1600; i++) {
    ck_assert_double_eq(contrast[i], e->drawn[1].sized.heat.h[i] - e->drawn_against[1].sized.heat.h[i]);
    most = fmax(most, fabs(contrast[i]));
  }
  ck_assert_double_gt(most, 0.05);
  close_methods(&o);
  char arguments[900];
  snprintf(arguments, sizeof arguments,
           "explain " PICTURE " --model " MODEL " --methods rollout,attn-gradcam --against top --out '%s/out'", folder);
  ck_assert_int_eq(run_vitx(folder, arguments), 0);
  vx_picture picture = drawn_file("out/smoke_0002/attn-gradcam-contrast.png");
  vx_picture_free(&picture);
  char *absent = path_in(folder, "out/smoke_0002/rollout-contrast.png");
  ck_assert_int_ne(access(absent, F_OK), 0);
  free(absent);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("explain");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, pixels_are_what_the_formulas_say);
  tcase_add_test(tcase, sizes_follow_the_input_or_the_picture);
  tcase_add_test(tcase, drawn_at_input_size_is_what_a_run_scores);
  tcase_add_test(tcase, agreement_is_what_it_says);
  tcase_add_test(tcase, contrasts_need_a_class);
  return run_suite("explain", tcase);
}
