/* Class maps: equal names, files of three columns, and the shipped map from ImageNet to VOC. */
#include <jansson.h>

#include "base/text.h"
#include "harness/data/class_map.h"
#include "harness/data/mask.h"
#include "harness/data/voc.h"
#include "tests/support/files.h"

#define SHIPPED "configs/imagenet-to-voc.tsv"

static vx_classes classes;

static void setup(void) {
  ck_assert(vx_classes_voc(&classes, NULL));
}

static void teardown(void) {
  vx_classes_free(&classes);
}

START_TEST(identity_by_name) {
  const char *const names[] = {"Dog", " cat ", "sheep, Ovis aries", "wolf", NULL, "background", "tvmonitor", "dog"};
  const int expected[] = {12, 8, 17, -1, -1, -1, 20, 12};
  vx_class_map map;
  ck_assert(vx_class_map_identity(&(vx_labels){8, names}, &classes, &map, NULL));
  ck_assert_int_eq(map.count, 8);
  for (int i = 0; i < 8; i++) ck_assert_int_eq(map.label[i], expected[i]);
  ck_assert_int_eq(vx_class_map_count(&map, 12), 2);
  vx_class_map_free(&map);
  ck_assert(vx_class_map_identity(&(vx_labels){3, NULL}, &classes, &map, NULL));
  ck_assert_int_eq(vx_class_map_count(&map, -1), 3);
  vx_class_map_free(&map);
}
END_TEST

static const char *const three[] = {"poodle, dog", "jeep", "alp"};

static bool read_text_map(const char *text, const char *const *names, vx_class_map *map, vx_error *error) {
  char folder[512];
  make_folder(folder);
  char *path = write_text(folder, "map.tsv", text);
  bool ok = vx_class_map_read(path, &(vx_labels){3, names}, &classes, map, error);
  free(path);
  remove_folder(folder);
  return ok;
}

START_TEST(files_of_three_columns) {
  static const char *const good[] = {"0\tpoodle\tdog\n1\tjeep\tcar\n2\talp\t-\n",
                                     "# head\n\n2\talp\t\r\n 1 \t jeep \t Car \tnote\r\n0\tPoodle\tdog",
                                     "0\t\tdog\n1\t\tcar\n2\talp\t-\n"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    vx_class_map map;
    vx_error error = {"", ""};
    ck_assert_msg(read_text_map(good[i], three, &map, &error), "%s: %s", error.where, error.why);
    ck_assert(map.label[0] == 12 && map.label[1] == 7 && map.label[2] == -1);
    vx_class_map_free(&map);
  }
}
END_TEST

START_TEST(placeholders_are_not_compared) {
  const char *const generic[] = {"LABEL_0", "class 1", ""};
  vx_class_map map;
  ck_assert(read_text_map("0\tx\tdog\n1\ty\tcar\n2\tz\t-\n", generic, &map, NULL));
  vx_class_map_free(&map);
  ck_assert(read_text_map("0\tx\tdog\n1\ty\tcar\n2\tz\t-\n", NULL, &map, NULL));
  vx_class_map_free(&map);
}
END_TEST

START_TEST(what_is_wrong_is_named) {
  static const struct {
    const char *text, *where, *why;
  } cases[] = {{"", "map.tsv", "no line for class 0 (poodle, dog)"},
               {"0\tpoodle\tdog\n2\talp\t-\n", "map.tsv", "no line for class 1 (jeep)"},
               {"0\tpoodle\tdog\n0\tpoodle\tdog\n", "map.tsv:2", "a second time"},
               {"3\tpoodle\tdog\n", "map.tsv:1", "expected 0 to 2"},
               {"-1\tpoodle\tdog\n", "map.tsv:1", "expected 0 to 2"},
               {"x\tpoodle\tdog\n", "map.tsv:1", "has index \"x\""},
               {"0\tpoodle\tdogg\n", "map.tsv:1", "no class of the data set; did you mean 'dog'?"},
               {"0\tpoodle\tbackground\n", "map.tsv:1", "no class of the data set"},
               {"0 poodle dog\n", "map.tsv:1", "has 1 columns"},
               {"0\tpoodle\n", "map.tsv:1", "has 2 columns"},
               {"0\tjeep\tcar\n1\talp\t-\n2\tpoodle\tdog\n", "map.tsv:1", "for another model"},
               {"0\tp\xff\tdog\n", "map.tsv", "not UTF-8"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vx_class_map map;
    vx_error error = {"", ""};
    ck_assert_msg(!read_text_map(cases[i].text, three, &map, &error), "case %zu is read", i);
    check_error(&error, cases[i].where, cases[i].why);
    ck_assert_ptr_null(map.label);
  }
}
END_TEST

/* ---- the shipped map ------------------------------------------------------------------------------------------- */

static vx_class_map shipped(const vx_labels *labels) {
  vx_class_map map;
  vx_error error = {"", ""};
  ck_assert_msg(vx_class_map_read(SHIPPED, labels, &classes, &map, &error), "%s: %s", error.where, error.why);
  return map;
}

static void check_range(const vx_class_map *map, int first, int last, const char *name) {
  int label = vx_classes_find(&classes, name);
  for (int i = first; i <= last; i++)
    ck_assert_msg(map->label[i] == label, "class %d maps to %d, expected %s", i, map->label[i], name);
}

START_TEST(imagenet_groups_are_sensible) {
  static const struct {
    const char *name;
    int count;
  } groups[] = {{"aeroplane", 3},   {"bicycle", 4}, {"bird", 59}, {"boat", 16},     {"bottle", 5},
                {"bus", 3},         {"car", 13},    {"cat", 5},   {"chair", 4},     {"cow", 1},
                {"diningtable", 1}, {"dog", 118},   {"horse", 1}, {"motorbike", 2}, {"person", 0},
                {"pottedplant", 1}, {"sheep", 2},   {"sofa", 1},  {"train", 5},     {"tvmonitor", 3}};
  static const int none[] = {0,   101, 269, 273, 275, 286, 287, 340, 350, 407, 517, 526, 555, 570,
                             573, 620, 703, 726, 734, 883, 899, 901, 970, 981, 982, 983, 999};
  vx_class_map map = shipped(&(vx_labels){1000, NULL});
  int mapped = 0;
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
    int count = vx_class_map_count(&map, vx_classes_find(&classes, groups[i].name));
    ck_assert_msg(count == groups[i].count, "%s has %d classes", groups[i].name, count);
    mapped += count;
  }
  ck_assert_int_eq(vx_class_map_count(&map, -1), 1000 - mapped);
  check_range(&map, 151, 268, "dog");
  check_range(&map, 281, 285, "cat");
  check_range(&map, 7, 24, "bird");
  check_range(&map, 80, 100, "bird");
  check_range(&map, 127, 146, "bird");
  check_range(&map, 404, 404, "aeroplane");
  check_range(&map, 895, 895, "aeroplane");
  check_range(&map, 339, 339, "horse");
  check_range(&map, 738, 738, "pottedplant");
  check_range(&map, 831, 831, "sofa");
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) ck_assert_int_eq(map.label[none[i]], -1);
  vx_class_map_free(&map);
}
END_TEST

/* The names stand at their own indices: a few that are known by heart, and no line without a name. */
START_TEST(imagenet_names_are_in_order) {
  static const struct {
    int index;
    const char *name;
  } known[] = {
      {0, "tench"},        {1, "goldfish"},       {22, "bald eagle"},   {134, "crane"},    {207, "golden retriever"},
      {281, "tabby"},      {291, "lion"},         {388, "giant panda"}, {404, "airliner"}, {517, "crane"},
      {779, "school bus"}, {817, "sports car"},   {895, "warplane"},    {954, "banana"},   {963, "pizza"},
      {985, "daisy"},      {999, "toilet tissue"}};
  vx_file file;
  vx_lines lines;
  char *name[1000] = {NULL};
  ck_assert(vx_file_read(SHIPPED, VX_TEXT_BYTES, &file, NULL) && vx_lines_open(&file, SHIPPED, &lines, NULL));
  for (char *line; (line = vx_lines_next(&lines));) {
    if (line[0] == '#') continue;
    char *at = line;
    int index = atoi(strsep(&at, "\t"));
    name[index] = strsep(&at, "\t");
  }
  for (int i = 0; i < 1000; i++) ck_assert_msg(name[i] && *name[i], "class %d has no name", i);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) ck_assert_str_eq(name[known[i].index], known[i].name);
  vx_file_free(&file);
}
END_TEST

START_TEST(a_real_models_names_fit) {
  char path[1024];
  const char *names[1000];
  if (!shared_path("models/vit-tiny-patch16-224-timm/config.json", path)) return;
  json_t *root = json_load_file(path, 0, NULL);
  const json_t *list = json_object_get(json_object_get(root, "pretrained_cfg"), "label_names");
  ck_assert_uint_eq(json_array_size(list), 1000);
  for (size_t i = 0; i < 1000; i++) names[i] = json_string_value(json_array_get(list, i));
  vx_class_map map = shipped(&(vx_labels){1000, names});
  vx_class_map_free(&map);
  for (size_t i = 0; i < 500; i++) { /* the same names in another order are noticed */
    const char *name = names[i];
    names[i] = names[999 - i], names[999 - i] = name;
  }
  vx_error error;
  ck_assert(!vx_class_map_read(SHIPPED, &(vx_labels){1000, names}, &classes, &map, &error));
  check_error(&error, SHIPPED, "for another model");
  json_decref(root);
}
END_TEST

/* Predictions above 0.85 on the real subset: at least 84 % right among those whose main class has a counterpart. */
START_TEST(predictions_are_right_through_the_map) {
  char path[1024], root[1024];
  int right = 0, counted = 0, passed = 0;
  const char *id;
  json_t *image;
  vx_voc voc;
  if (!shared_path("golden/real/voc-subset.json", path) || !shared_path("voc2012-subset/VOC2012", root)) return;
  json_t *all = json_load_file(path, 0, NULL);
  vx_class_map map = shipped(&(vx_labels){1000, NULL});
  ck_assert(vx_voc_open(root, "subset", NULL, &voc, NULL));
  for (size_t i = 0; i < voc.count; i++) {
    vx_mask mask;
    id = voc.entry[i].id;
    image = json_object_get(json_object_get(all, "images"), id);
    if (json_number_value(json_object_get(image, "probability")) <= 0.85) continue;
    ck_assert(vx_mask_read(voc.entry[i].mask, &voc.reading, &mask, NULL));
    int main_class = vx_mask_main_class(&mask), top = (int)json_integer_value(json_object_get(image, "top"));
    vx_mask_free(&mask);
    passed++;
    if (main_class < 1 || vx_class_map_count(&map, main_class) == 0) continue;
    counted++;
    right += map.label[top] == main_class;
  }
  printf("right predictions above 0.85: %d of %d (%d through the gate)\n", right, counted, passed);
  ck_assert_int_eq(passed, 91);
  ck_assert_int_eq(counted, 85);
  ck_assert_int_ge(right, 73);
  vx_voc_close(&voc);
  vx_class_map_free(&map);
  json_decref(all);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("class map");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, identity_by_name);
  tcase_add_test(tcase, files_of_three_columns);
  tcase_add_test(tcase, placeholders_are_not_compared);
  tcase_add_test(tcase, what_is_wrong_is_named);
  tcase_add_test(tcase, imagenet_groups_are_sensible);
  tcase_add_test(tcase, imagenet_names_are_in_order);
  tcase_add_test(tcase, a_real_models_names_fit);
  tcase_add_test(tcase, predictions_are_right_through_the_map);
  return run_suite("class_map", tcase);
}
