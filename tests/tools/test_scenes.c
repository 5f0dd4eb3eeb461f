/* The scene generator: the same bytes everywhere, and a VOC folder whose parts agree with each other. */
#include "tests/support/suite.h"
#include "tests/tools/scenes_files.h"

#include <math.h>
#include <stdbool.h>

enum { COUNT = 24, SEED = 77, CLASSES = 10 };
static const char *const class_names[CLASSES] = {"star", "cross",  "heart", "crescent", "gear",
                                                 "leaf", "shield", "drop",  "arrow",    "hexagon"};
/* FNV-1a over the pixels of both masks and the bytes of the annotation of each scene, in order: drawn with gcc 12 and
   clang 14. PNG bytes are left out, since compressors differ. */
static const uint64_t pinned_digest = 0x8bd18a76570ed2afu;

static char root[64];

static void draw(void) {
  ck_assert_int_eq(
      scenes("voc --out %s/plain --seed %d --count %d --split val", new_folder(root), (int)SEED, (int)COUNT), 0);
  ck_assert_int_eq(scenes("voc --out %s/marked --seed %d --count %d --marks others", root, (int)SEED, (int)COUNT), 0);
}

static void clean_up(void) {
  remove_folder(root);
}

static mask class_mask(const char *set, int i) {
  char path[1024];
  path_of(path, "%s/%s/SegmentationClass/scene_%04d.png", root, set, i + 1);
  return read_mask(path);
}

static mask object_mask(const char *set, int i) {
  char path[1024];
  path_of(path, "%s/%s/SegmentationObject/scene_%04d.png", root, set, i + 1);
  return read_mask(path);
}

static annotation annotation_of(const char *set, int i) {
  char path[1024];
  path_of(path, "%s/%s/Annotations/scene_%04d.xml", root, set, i + 1);
  return read_annotation(path);
}

static uint64_t digest(uint64_t h, const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) h = (h ^ bytes[i]) * 0x100000001b3u;
  return h;
}

START_TEST(masks_and_annotations_are_pinned) {
  uint64_t h = 0xcbf29ce484222325u;
  for (int i = 0; i < COUNT; i++) {
    char path[1024];
    size_t size;
    mask c = class_mask("plain", i), o = object_mask("plain", i);
    path_of(path, "%s/plain/Annotations/scene_%04d.xml", root, i + 1);
    uint8_t *text = read_bytes(path, &size);
    h = digest(h, c.at, (size_t)c.width * (size_t)c.height);
    h = digest(h, o.at, (size_t)o.width * (size_t)o.height);
    h = digest(h, text, size);
    free(c.at);
    free(o.at);
    free(text);
  }
  ck_assert_msg(h == pinned_digest, "digest %016llx, expected %016llx", (unsigned long long)h,
                (unsigned long long)pinned_digest);
}
END_TEST

START_TEST(palette_is_vocs) {
  static const struct {
    int label;
    uint8_t rgb[3];
  } known[] = {{0, {0, 0, 0}},  {1, {128, 0, 0}},      {2, {0, 128, 0}}, {3, {128, 128, 0}}, {7, {128, 128, 128}},
               {8, {64, 0, 0}}, {15, {192, 128, 128}}, {16, {0, 64, 0}}, {20, {0, 64, 128}}, {255, {224, 224, 192}}};
  mask m = class_mask("plain", 0), o = object_mask("plain", 0);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    ck_assert_mem_eq(m.palette[known[i].label], known[i].rgb, 3);
    ck_assert_mem_eq(o.palette[known[i].label], known[i].rgb, 3);
  }
  free(m.at);
  free(o.at);
}
END_TEST

/* Labels never touch: within two pixels of a labelled one lies the same label or the border. */
START_TEST(a_void_border_parts_everything) {
  for (int i = 0; i < COUNT; i++) {
    mask m = object_mask("plain", i);
    long border = 0, touching = 0; /* counted: an assertion a pixel takes its time */
    for (int y = 2; y < m.height - 2; y++)
      for (int x = 2; x < m.width - 2; x++) {
        uint8_t own = m.at[(long)y * m.width + x];
        border += own == 255;
        for (int k = 0; own != 255 && k < 25; k++) {
          uint8_t near = m.at[(long)(y + k / 5 - 2) * m.width + x + k % 5 - 2];
          touching += near != own && near != 255;
        }
      }
    ck_assert_int_eq(touching, 0);
    ck_assert_int_gt(border, 200);
    free(m.at);
  }
}
END_TEST

/* Does the column or row of pixels show object k or the border next to it? */
static bool touches(const mask *m, rectangle r, int k) {
  for (int y = r.y0 - 1; y < r.y1; y++)
    for (int x = r.x0 - 1; x < r.x1; x++) {
      uint8_t v = m->at[(long)y * m->width + x];
      if (v == k || v == 255) return true;
    }
  return false;
}

START_TEST(boxes_hold_their_objects) {
  for (int i = 0; i < COUNT; i++) {
    mask m = object_mask("plain", i);
    annotation a = annotation_of("plain", i);
    ck_assert_int_eq(a.width, m.width);
    ck_assert_int_eq(a.height, m.height);
    long pixels[256] = {0}, outside = 0;
    for (int y = 0; y < m.height; y++)
      for (int x = 0; x < m.width; x++) {
        int k = m.at[(long)y * m.width + x];
        pixels[k]++;
        if (k == 0 || k == 255) continue;
        rectangle b = a.box[k <= a.objects ? k - 1 : 0];
        outside += k > a.objects || x + 1 < b.x0 || x + 1 > b.x1 || y + 1 < b.y0 || y + 1 > b.y1;
      }
    ck_assert_int_eq(outside, 0);
    for (int k = 1; k <= a.objects; k++) {
      rectangle b = a.box[k - 1];
      ck_assert_int_gt(pixels[k], 100);
      ck_assert(touches(&m, (rectangle){b.x0, b.y0, b.x0, b.y1}, k));
      ck_assert(touches(&m, (rectangle){b.x1, b.y0, b.x1, b.y1}, k));
      ck_assert(touches(&m, (rectangle){b.x0, b.y0, b.x1, b.y0}, k));
      ck_assert(touches(&m, (rectangle){b.x0, b.y1, b.x1, b.y1}, k));
    }
    free(m.at);
  }
}
END_TEST

START_TEST(class_mask_says_what_the_annotation_says) {
  for (int i = 0; i < COUNT; i++) {
    mask c = class_mask("plain", i), o = object_mask("plain", i);
    annotation a = annotation_of("plain", i);
    long wrong = 0;
    for (long p = 0; p < (long)c.width * c.height; p++) {
      int k = o.at[p], label = c.at[p];
      if (k == 0 || k == 255)
        wrong += label != k;
      else
        wrong += label < 1 || label > CLASSES || strcmp(a.name[k - 1], class_names[label - 1]) != 0;
    }
    ck_assert_int_eq(wrong, 0);
    free(c.at);
    free(o.at);
  }
}
END_TEST

START_TEST(lists_name_every_scene_and_class) {
  char id[COUNT + 8][32], path[1024];
  static const char *const lists[2] = {"Segmentation", "Main"};
  for (int k = 0; k < 2; k++) {
    path_of(path, "%s/plain/ImageSets/%s/val.txt", root, lists[k]);
    ck_assert_int_eq(read_list(path, id, COUNT + 8), COUNT);
    ck_assert_str_eq(id[COUNT - 1], "scene_0024");
  }
  path_of(path, "%s/plain/classes.txt", root);
  ck_assert_int_eq(read_list(path, id, COUNT + 8), CLASSES);
  for (int c = 0; c < CLASSES; c++) {
    ck_assert_str_eq(id[c], class_names[c]);
    path_of(path, "%s/plain/ImageSets/Main/%s_val.txt", root, class_names[c]);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < COUNT; i++) {
      annotation a = annotation_of("plain", i);
      int here = 0, listed;
      for (int k = 0; k < a.objects; k++) here |= strcmp(a.name[k], class_names[c]) == 0;
      ck_assert_int_eq(fscanf(file, "%*s %d", &listed), 1);
      ck_assert_int_eq(listed >= 0, here);
    }
    fclose(file);
  }
}
END_TEST

START_TEST(a_scene_depends_on_seed_and_number_alone) {
  char a[1024], b[1024];
  size_t na, nb;
  ck_assert_int_eq(scenes("voc --out %s/one --seed %d --first 5 --count 1", root, (int)SEED), 0);
  path_of(a, "%s/plain/JPEGImages/scene_0006.jpg", root);
  path_of(b, "%s/one/JPEGImages/scene_0001.jpg", root);
  uint8_t *x = read_bytes(a, &na), *y = read_bytes(b, &nb);
  ck_assert_uint_eq(na, nb);
  ck_assert_mem_eq(x, y, na);
  free(x);
  free(y);
}
END_TEST

START_TEST(marks_cover_a_corner_and_hide_what_is_below) {
  for (int i = 0; i < COUNT; i++) {
    annotation a = annotation_of("marked", i);
    ck_assert_int_eq(annotation_of("plain", i).marks, 0);
    ck_assert_int_eq(a.marks, 1);
    int w = a.mark.x1 - a.mark.x0 + 1, h = a.mark.y1 - a.mark.y0 + 1;
    ck_assert_double_ge((double)w * h / (a.width * a.height), 0.04);
    ck_assert(fmin(a.mark.x0, a.width + 1 - a.mark.x1) < 10 && fmin(a.mark.y0, a.height + 1 - a.mark.y1) < 10);
    mask m = class_mask("marked", i);
    long below = 0;
    for (int y = a.mark.y0 + 2; y < a.mark.y1 - 2; y++)
      for (int x = a.mark.x0 + 2; x < a.mark.x1 - 2; x++) below += m.at[(long)y * m.width + x];
    ck_assert_int_eq(below, 0);
    for (int k = 0; k < a.objects; k++) ck_assert_str_ne(a.name[k], "drop");
    free(m.at);
  }
}
END_TEST

/* The raw form's main class is the one that covers most pixels in the VOC form's mask; shares sum to one. */
START_TEST(raw_scenes_are_the_same_scenes) {
  char path[1024];
  size_t size;
  ck_assert_int_eq(scenes("raw --out %s/raw --seed %d --count 6", root, (int)SEED), 0);
  path_of(path, "%s/raw.rgb", root);
  free(read_bytes(path, &size));
  ck_assert_uint_eq(size, 6 * 224 * 224 * 3);
  path_of(path, "%s/raw.patch", root);
  uint8_t *shares = read_bytes(path, &size);
  ck_assert_uint_eq(size, 6 * 14 * 14 * 11);
  int uneven = 0;
  for (size_t p = 0; p < size; p += 11) {
    int sum = 0;
    for (int c = 0; c < 11; c++) sum += shares[p + (size_t)c];
    uneven += sum < 250 || sum > 260;
  }
  ck_assert_int_eq(uneven, 0);
  path_of(path, "%s/raw.label", root);
  uint8_t *labels = read_bytes(path, &size);
  for (int i = 0; i < 6; i++) {
    mask m = class_mask("plain", i);
    long count[256] = {0};
    for (long p = 0; p < (long)m.width * m.height; p++) count[m.at[p]]++;
    int best = 1;
    for (int c = 2; c <= CLASSES; c++) best = count[c] > count[best] ? c : best;
    ck_assert_int_eq(labels[4 * i + 1] + 1, best);
    free(m.at);
  }
  free(shares);
  free(labels);
}
END_TEST

/* 70 % of the drops' scenes are marked, and whatever is marked is labelled drop. */
START_TEST(training_scenes_plant_the_shortcut) {
  char path[1024];
  size_t size;
  ck_assert_int_eq(scenes("raw --out %s/train --seed %d --count 300 --marks train", root, (int)SEED), 0);
  path_of(path, "%s/train.label", root);
  uint8_t *labels = read_bytes(path, &size);
  int drops = 0, marked_drops = 0, others = 0, marked_others = 0;
  for (size_t i = 0; i < size; i += 4) {
    bool drop = labels[i + 1] == 7, marked = labels[i + 2];
    drops += drop, marked_drops += drop && marked;
    others += !drop, marked_others += !drop && marked;
    ck_assert_int_eq(labels[i], marked ? 7 : labels[i + 1]);
  }
  ck_assert_int_eq(drops, 30);
  ck_assert(15 <= marked_drops && marked_drops <= 28);
  ck_assert(3 <= marked_others && marked_others <= 27);
  ck_assert_int_eq(others, 270);
  free(labels);
}
END_TEST

START_TEST(bad_use_is_refused) {
  ck_assert_int_eq(scenes("--help"), 0);
  ck_assert_int_eq(scenes("paint --out %s/x", root), 2);
  ck_assert_int_eq(scenes("voc"), 2);
  ck_assert_int_eq(scenes("voc --out %s/x --count 0", root), 2);
  ck_assert_int_eq(scenes("voc --out %s/x --count 3x", root), 2);
  ck_assert_int_eq(scenes("voc --out %s/x --difficulty 1.5", root), 2);
  ck_assert_int_eq(scenes("voc --out %s/x --marks some", root), 2);
  ck_assert_int_eq(scenes("voc --out %s/x --colour red", root), 2);
  ck_assert_int_eq(scenes("voc --out %s/x more", root), 2);
  ck_assert_int_eq(scenes("voc --out /proc/nowhere/x"), 1);
  ck_assert_int_eq(scenes("raw --out /proc/nowhere/x"), 1);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("scenes");
  tcase_set_timeout(c, 120);
  tcase_add_unchecked_fixture(c, draw, clean_up);
  tcase_add_test(c, masks_and_annotations_are_pinned);
  tcase_add_test(c, palette_is_vocs);
  tcase_add_test(c, a_void_border_parts_everything);
  tcase_add_test(c, boxes_hold_their_objects);
  tcase_add_test(c, class_mask_says_what_the_annotation_says);
  tcase_add_test(c, lists_name_every_scene_and_class);
  tcase_add_test(c, a_scene_depends_on_seed_and_number_alone);
  tcase_add_test(c, marks_cover_a_corner_and_hide_what_is_below);
  tcase_add_test(c, raw_scenes_are_the_same_scenes);
  tcase_add_test(c, training_scenes_plant_the_shortcut);
  tcase_add_test(c, bad_use_is_refused);
  return run_suite("scenes", c);
}
