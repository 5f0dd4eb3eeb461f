/* `vitx figure`: which images and methods are chosen, and that what is drawn is what is stored. */
#include <math.h>

#include <libxml/parser.h>

#include "harness/data/picture.h"
#include "harness/pictures/figure_pick.h"
#include "harness/run/origin.h"
#include "harness/store/stored.h"
#include "tests/support/program.h"

static char folder[512], results[600];

/* Runs the program with a shell's words; its exit status. Output lies in folder/said. */
/* The smoke data set under names that a writer of markup could stumble over. */
static const char *const odd[] = {
    "plain", "a \"b\" <i>&amp;]]>", "\xf0\x9f\x90\x99", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "it's", "no picture"};
enum { IMAGES = sizeof odd / sizeof *odd };

static void copy_file(const char *from, const char *folder_to, const char *id, const char *ending) {
  char name[300];
  size_t size;
  uint8_t *bytes = read_bytes(from, &size);
  snprintf(name, sizeof name, "%s/%s%s", folder_to, id, ending);
  char *to = path_in(folder, name);
  write_bytes(to, bytes, size);
  free(to);
  free(bytes);
}

static void make_data(void) {
  char list[600] = "", from[200];
  for (int i = 0; i < IMAGES; i++) {
    snprintf(from, sizeof from, "data/smoke/JPEGImages/smoke_%04d.jpg", i + 1);
    copy_file(from, "voc/JPEGImages", odd[i], ".jpg");
    snprintf(from, sizeof from, "data/smoke/SegmentationClass/smoke_%04d.png", i + 1);
    copy_file(from, "voc/SegmentationClass", odd[i], ".png");
    snprintf(from, sizeof from, "data/smoke/Annotations/smoke_%04d.xml", i + 1);
    copy_file(from, "voc/Annotations", odd[i], ".xml");
    strcat(list, odd[i]);
    strcat(list, "\n");
  }
  free(write_text(folder, "voc/ImageSets/Segmentation/val.txt", list));
  copy_file("data/smoke/classes.txt", "voc", "classes", ".txt");
}

/* One run for all tests of this program. */
static void setup(void) {
  char arguments[2000];
  make_folder(folder);
  make_data();
  snprintf(results, sizeof results, "%s/r.sqlite", folder);
  snprintf(arguments, sizeof arguments,
           "run configs/smoke.yaml --set 'methods=[rollout, saliency, ag-cam, center]' --set 'data.root=%s/voc'"
           " --quiet --out '%s'",
           folder, results);
  ck_assert_int_eq(run_vitx(folder, arguments), 0);
  char *gone = path_in(folder, "voc/JPEGImages/no picture.jpg");
  ck_assert_int_eq(remove(gone), 0);
  free(gone);
}

static void teardown(void) {
  remove_folder(folder);
}

static int figure(const char *options, const char *out) {
  char arguments[2000];
  snprintf(arguments, sizeof arguments, "figure '%s' --out '%s/%s' %s", results, folder, out, options);
  return run_vitx(folder, arguments);
}

/* ---- choice ---------------------------------------------------------------------------------------------------- */

typedef struct chosen {
  vx_store *store;
  vx_arena *arena;
  vx_figure_choice choice;
} chosen;

static chosen choose(vx_figure_options options) {
  chosen c = {.arena = vx_arena_new()};
  vx_error error = {"", ""};
  c.store = vx_store_open(results, VX_STORE_READ, &error);
  ck_assert_msg(c.store && vx_figure_choose(c.store, &options, c.arena, &c.choice, &error), "%s: %s", error.where,
                error.why);
  return c;
}

static void forget(chosen *c) {
  vx_store_close(c->store);
  vx_arena_free(c->arena);
}

static double mean_iou(const vx_figure_choice *choice, int image) {
  double sum = 0;
  for (int m = 0; m < choice->method_count; m++) sum += choice->iou[image * choice->method_count + m];
  return sum / choice->method_count;
}

START_TEST(rows_and_columns_are_those_asked_for) {
  vx_figure_options options = vx_figure_defaults();
  chosen c = choose(options);
  ck_assert_int_eq(c.choice.image_count, 4);
  ck_assert_int_eq(c.choice.method_count, 3); /* center is trivial */
  for (int i = 0; i < 4; i++) ck_assert_int_eq(c.choice.images[i]->position, i);
  forget(&c);
  options.methods = "center,rollout";
  options.pick = VX_PICK_IDS;
  options.ids = "it's,1,plain";
  c = choose(options);
  ck_assert_int_eq(c.choice.method_count, 2);
  ck_assert_str_eq(c.choice.methods[0].name, "center");
  ck_assert_int_eq(c.choice.image_count, 3);
  ck_assert_str_eq(c.choice.images[0]->image_id, "it's");
  ck_assert_str_eq(c.choice.images[1]->image_id, odd[1]);
  forget(&c);
}
END_TEST

START_TEST(best_and_worst_by_mean_iou) {
  vx_figure_options options = vx_figure_defaults();
  options.count = IMAGES;
  options.pick = VX_PICK_BEST;
  chosen best = choose(options);
  ck_assert_int_eq(best.choice.image_count, IMAGES);
  for (int i = 1; i < IMAGES; i++) ck_assert(mean_iou(&best.choice, i - 1) >= mean_iou(&best.choice, i));
  options.pick = VX_PICK_WORST;
  options.count = 2;
  chosen worst = choose(options);
  ck_assert_int_eq(worst.choice.image_count, 2);
  for (int i = 0; i < 2; i++)
    ck_assert_str_eq(worst.choice.images[i]->image_id, best.choice.images[IMAGES - 1 - i]->image_id);
  forget(&best);
  forget(&worst);
}
END_TEST

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static double sample(const float *map, int side, int columns, int rows, int x, int y) {
  double sum = 0, place[2] = {(y + 0.5) * side / rows - 0.5, (x + 0.5) * side / columns - 0.5};
  for (int i = 0; i < 2; i++) place[i] = fmin(fmax(place[i], 0), side - 1);
  for (int v = 0; v < side; v++)
    for (int u = 0; u < side; u++)
      sum += fmax(0, 1 - fabs(v - place[0])) * fmax(0, 1 - fabs(u - place[1])) * (double)map[v * side + u];
  return sum;
}

/* The first cell of a figure without pictures is the map of the first method: from (52, 14) units on, two pixels each.
 */
START_TEST(cells_show_the_stored_maps) {
  ck_assert_int_eq(figure("--ids plain --methods rollout --map grey --height 120 --data /nowhere", "f.png"), 0);
  ck_assert(vitx_said(folder, "1 without its picture") && vitx_said(folder, "/nowhere"));
  char *path = path_in(folder, "f.png");
  vx_picture picture;
  vx_error error = {"", ""};
  ck_assert_msg(vx_picture_read(path, &picture, &error), "%s", error.why);
  vx_figure_options options = vx_figure_defaults();
  options.methods = "rollout";
  chosen c = choose(options);
  vx_map_row *maps;
  vx_result detail;
  int count;
  ck_assert(vx_query_maps(c.store, c.choice.images[0]->id, c.arena, &maps, &count, &error));
  ck_assert(vx_image_read(c.store, c.choice.images[0]->id, c.arena, &detail, &error));
  const vx_map *map = NULL;
  for (int i = 0; i < count; i++)
    if (maps[i].method == c.choice.methods[0].id) map = &maps[i].map;
  ck_assert(map && map->kind == VX_MAP_PATCH);
  int rows = 240, columns = (int)lround(240.0 * detail.width / detail.height);
  double *h = malloc((size_t)(rows * columns) * sizeof *h), low = INFINITY, high = -INFINITY;
  for (int i = 0; i < rows * columns; i++) {
    h[i] = sample(map->heat, map->width, columns, rows, i % columns, i / columns);
    low = fmin(low, h[i]), high = fmax(high, h[i]);
  }
  for (int y = 4; y < rows - 4; y += 7)
    for (int x = 4; x < columns - 4; x += 5) {
      double expected = 255 * (h[y * columns + x] - low) / (high - low);
      int drawn = picture.rgb[3 * ((28 + y) * picture.width + 104 + x)];
      ck_assert_msg(fabs(drawn - expected) < 4, "(%d, %d) is %d, not %.1f", x, y, drawn, expected);
    }
  free(h);
  forget(&c);
  vx_picture_free(&picture);
  free(path);
}
END_TEST

/* Two images out of val, by a file of their own: numbered as in val. */
START_TEST(images_are_numbered_as_in_the_data_set) {
  char arguments[2000], file[600];
  free(write_text(folder, "two.txt", "it's\nplain\n"));
  snprintf(file, sizeof file, "%s/two.sqlite", folder);
  snprintf(arguments, sizeof arguments,
           "run configs/smoke.yaml --set 'methods=[rollout]' --set 'data.root=%s/voc' --set 'data.split=%s/two.txt'"
           " --quiet --out '%s'",
           folder, folder, file);
  ck_assert_int_eq(run_vitx(folder, arguments), 0);
  vx_error error = {"", ""};
  vx_arena *arena = vx_arena_new();
  vx_store *store = vx_store_open(file, VX_STORE_READ, &error);
  vx_figure_options options = vx_figure_defaults();
  vx_figure_choice choice;
  vx_origin origin;
  ck_assert_msg(store && vx_figure_choose(store, &options, arena, &choice, &error), "%s", error.why);
  ck_assert_msg(vx_origin_open(&choice.run, NULL, NULL, &origin, &error), "%s", error.why);
  vx_origin_open_val(&origin);
  ck_assert_uint_eq(origin.val.count, IMAGES);
  ck_assert_int_eq(vx_origin_index(&origin, choice.images[0]), 4);
  ck_assert_int_eq(vx_origin_index(&origin, choice.images[1]), 0);
  vx_origin_close(&origin);
  vx_store_close(store);
  chosen c = choose(options); /* the run by the data set's own list needs no other */
  ck_assert_msg(vx_origin_open(&c.choice.run, NULL, NULL, &origin, &error), "%s", error.why);
  vx_origin_open_val(&origin);
  ck_assert_uint_eq(origin.val.count, 0);
  ck_assert_int_eq(vx_origin_index(&origin, c.choice.images[3]), 3);
  vx_origin_close(&origin);
  forget(&c);
  vx_arena_free(arena);
}
END_TEST

START_TEST(every_kind_and_ending_is_drawn) {
  static const char *const kinds[] = {"heat", "overlay", "v", "v-otsu", "outline"};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    char options[100], name[40];
    snprintf(options, sizeof options, "--draw %s --best 6 --scores --height 40", kinds[k]);
    snprintf(name, sizeof name, "%s.svg", kinds[k]);
    ck_assert_int_eq(figure(options, name), 0);
    ck_assert(vitx_said(folder, "6 images, 3 methods, 1 without its picture"));
    char *path = path_in(folder, name);
    xmlDoc *document = xmlReadFile(path, NULL, XML_PARSE_NONET);
    ck_assert_msg(document != NULL, "%s is not XML", name);
    ck_assert_str_eq((const char *)xmlDocGetRootElement(document)->name, "svg");
    xmlFreeDoc(document);
    free(path);
  }
  ck_assert_int_eq(figure("--worst 2", "x.pdf"), 0);
  char *pdf = path_in(folder, "x.pdf");
  size_t size;
  uint8_t *bytes = read_bytes(pdf, &size);
  ck_assert_mem_eq(bytes, "%PDF", 4);
  free(bytes);
  free(pdf);
}
END_TEST

START_TEST(what_is_not_there_is_named) {
  ck_assert_int_eq(figure("--ids unicorn", "x.png"), 1);
  ck_assert(vitx_said(folder, "unicorn"));
  ck_assert_int_eq(figure("--methods rolout", "x.png"), 1);
  ck_assert(vitx_said(folder, "did you mean 'rollout'"));
  ck_assert_int_eq(figure("--run 7", "x.png"), 1);
  ck_assert_int_eq(figure("--wrong 3", "x.png"), 1); /* no class of this model stands for one of the data */
  ck_assert(vitx_said(folder, "wrong"));
  ck_assert_int_eq(figure("--best 1", "x.gif"), 1);
  ck_assert(vitx_said(folder, ".png, .svg, .pdf"));
  ck_assert_int_eq(figure("--best 1 --worst 1", "x.png"), 2);
  ck_assert_int_eq(figure("--draw nice", "x.png"), 2);
  ck_assert_int_eq(figure("--height 0", "x.png"), 2);
  ck_assert_int_eq(figure("--best 1", "no/such/folder/x.png"), 1);
  ck_assert_int_eq(figure("--best 1", "no/such/folder/x.svg"), 1);
  char *none = path_in(folder, "x.png");
  ck_assert_int_ne(access(none, F_OK), 0);
  free(none);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("figure");
  tcase_add_unchecked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, rows_and_columns_are_those_asked_for);
  tcase_add_test(tcase, best_and_worst_by_mean_iou);
  tcase_add_test(tcase, cells_show_the_stored_maps);
  tcase_add_test(tcase, images_are_numbered_as_in_the_data_set);
  tcase_add_test(tcase, every_kind_and_ending_is_drawn);
  tcase_add_test(tcase, what_is_not_there_is_named);
  int status = run_suite("figure", tcase);
  xmlCleanupParser();
  return status;
}
