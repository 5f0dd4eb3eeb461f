/* data/demo is what it says it is: scenes that the generator draws again, and a small model of the same classes. */
#include "tests/support/suite.h"
#include "tests/tools/scenes_files.h"

#include <jansson.h>
#include <sys/stat.h>

static char root[64];

static void draw(void) {
  ck_assert_int_eq(scenes("voc --out %s --seed 2012 --count 120 --split val --prefix scene", new_folder(root)), 0);
  ck_assert_int_eq(scenes("voc --out %s --seed 2013 --count 40 --split shortcut --prefix marked --marks others", root),
                   0);
}

static void clean_up(void) {
  remove_folder(root);
}

/* Compares pixels, not PNG bytes: compressors differ. */
static void same_mask(const char *kind, const char *id) {
  char path[1024];
  path_of(path, "data/demo/%s/%s.png", kind, id);
  mask ours = read_mask(path);
  path_of(path, "%s/%s/%s.png", root, kind, id);
  mask drawn = read_mask(path);
  ck_assert_int_eq(ours.width, drawn.width);
  ck_assert_int_eq(ours.height, drawn.height);
  ck_assert_msg(memcmp(ours.at, drawn.at, (size_t)ours.width * (size_t)ours.height) == 0, "%s of %s differs", kind, id);
  free(ours.at);
  free(drawn.at);
}

static void same_bytes(const char *format, const char *name) {
  char relative[256], path[1024];
  size_t n, m;
  snprintf(relative, sizeof relative, "%s/%s", format, name);
  path_of(path, "data/demo/%s", relative);
  uint8_t *ours = read_bytes(path, &n);
  path_of(path, "%s/%s", root, relative);
  uint8_t *drawn = read_bytes(path, &m);
  ck_assert_msg(n == m && memcmp(ours, drawn, n) == 0, "%s is not what the generator writes", relative);
  free(ours);
  free(drawn);
}

static int check_split(const char *split, char id[][32], int room) {
  char list[64], xml[256], path[1024];
  snprintf(list, sizeof list, "%s.txt", split);
  same_bytes("ImageSets/Segmentation", list);
  same_bytes("ImageSets/Main", list);
  path_of(path, "data/demo/ImageSets/Segmentation/%s", list);
  int n = read_list(path, id, room);
  for (int i = 0; i < n; i++) {
    snprintf(xml, sizeof xml, "%.31s.xml", id[i]);
    same_bytes("Annotations", xml);
    same_mask("SegmentationClass", id[i]);
    same_mask("SegmentationObject", id[i]);
  }
  return n;
}

START_TEST(scenes_can_be_drawn_again) {
  static char id[200][32];
  same_bytes(".", "classes.txt");
  ck_assert_int_eq(check_split("val", id, 200), 120);
  ck_assert_int_eq(check_split("shortcut", id, 200), 40);
}
END_TEST

static long size_of(const char *path) {
  struct stat s;
  ck_assert_msg(stat(path, &s) == 0, "%s is missing", path);
  return (long)s.st_size;
}

START_TEST(pictures_are_jpegs_and_small) {
  static const char *const splits[2] = {"val", "shortcut"};
  static char id[200][32];
  char path[1024];
  long total = 0;
  for (int k = 0; k < 2; k++) {
    path_of(path, "data/demo/ImageSets/Segmentation/%s.txt", splits[k]);
    for (int i = 0, n = read_list(path, id, 200); i < n; i++) {
      size_t size;
      path_of(path, "data/demo/JPEGImages/%s.jpg", id[i]);
      uint8_t *bytes = read_bytes(path, &size);
      ck_assert(size > 4 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[size - 2] == 0xff && bytes[size - 1] == 0xd9);
      free(bytes);
      total += (long)size;
      path_of(path, "data/demo/SegmentationClass/%s.png", id[i]);
      total += size_of(path);
      path_of(path, "data/demo/SegmentationObject/%s.png", id[i]);
      total += size_of(path);
    }
  }
  ck_assert_int_lt(total, 6 << 20);
}
END_TEST

START_TEST(model_is_small_and_knows_the_classes) {
  static char name[16][32];
  ck_assert_int_lt(size_of("data/demo/model/model.safetensors"), 5 << 20);
  int n = read_list("data/demo/classes.txt", name, 16);
  json_t *config = json_load_file("data/demo/model/config.json", 0, NULL), *names = json_object_get(config, "id2label");
  ck_assert_int_eq(n, 10);
  ck_assert_uint_eq(json_object_size(names), 10);
  for (int i = 0; i < n; i++) {
    char key[8];
    snprintf(key, sizeof key, "%d", i);
    ck_assert_str_eq(json_string_value(json_object_get(names, key)), name[i]);
  }
  json_decref(config);
  json_t *told = json_load_file("data/demo/model/training.json", 0, NULL);
  ck_assert_msg(told != NULL, "the model's training is not on record");
  ck_assert_int_le(json_integer_value(json_object_get(told, "parameters")), 2500000);
  json_decref(told);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("demo data");
  tcase_set_timeout(c, 120);
  tcase_add_unchecked_fixture(c, draw, clean_up);
  tcase_add_test(c, scenes_can_be_drawn_again);
  tcase_add_test(c, pictures_are_jpegs_and_small);
  tcase_add_test(c, model_is_small_and_knows_the_classes);
  return run_suite("demo data", c);
}
