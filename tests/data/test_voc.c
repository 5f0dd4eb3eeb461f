/* Data sets in VOC's layout: lists in every spelling, odd ids, class names, and what is missing. */
#include "harness/data/mask.h"
#include "harness/data/picture.h"
#include "harness/data/voc.h"
#include "tests/support/files.h"

static char root[512];

static void setup(void) {
  make_folder(root);
  free(path_in(root, "JPEGImages/x"));
  free(path_in(root, "SegmentationClass/x"));
  free(path_in(root, "ImageSets/Segmentation/x"));
}

static void teardown(void) {
  remove_folder(root);
}

static void put(const char *name, const char *text) {
  free(write_text(root, name, text));
}

static vx_voc opened(const char *split) {
  vx_voc voc;
  vx_error error = {"", ""};
  ck_assert_msg(vx_voc_open(root, split, NULL, &voc, &error), "%s: %s", error.where, error.why);
  return voc;
}

static void refused(const char *split, const char *where, const char *why) {
  vx_voc voc;
  vx_error error = {"", ""};
  ck_assert(!vx_voc_open(root, split, NULL, &voc, &error));
  check_error(&error, where, why);
  ck_assert(voc.count == 0 && !voc.entry && !voc.root);
}

static void check_ids(const char *list, size_t count, const char *const *ids) {
  put("ImageSets/Segmentation/val.txt", list);
  vx_voc voc = opened("val");
  ck_assert_uint_eq(voc.count, count);
  for (size_t i = 0; i < count; i++) ck_assert_str_eq(voc.entry[i].id, ids[i]);
  vx_voc_close(&voc);
}

START_TEST(lists_in_every_spelling) {
  const char *const two[] = {"2007_000033", "2007_000042"};
  check_ids("2007_000033\n2007_000042\n", 2, two);
  check_ids("2007_000033\r\n2007_000042", 2, two);
  check_ids("\xef\xbb\xbf"
            "2007_000033  \n\n \t\n  2007_000042\t\r\n\n",
            2, two);
  check_ids("2007_000033  0\n2007_000042  1\n", 2, two);
  check_ids("2007_000033  1\n2007_000034 -1\n2007_000042  0\n2007_000043\t-1\n", 2, two); /* -1: left out */
  check_ids("2007_000033\tdog\tand more\n2007_000042\n", 2, two);
}
END_TEST

START_TEST(odd_ids_survive) {
  const char *const ids[] = {
      "it's \"quoted\"", "two words", "h\xc3\xa4nd \xe7\x8a\xac", "<b>&amp;", "a..b", "-1", "%s;--"};
  check_ids("it's \"quoted\"\ntwo words\nh\xc3\xa4nd \xe7\x8a\xac\n<b>&amp;\na..b\n-1\n%s;--\n", 7, ids);
}
END_TEST

/* A number after a blank is a second column, unless a picture has the whole line's name. */
START_TEST(a_picture_decides_about_blanks) {
  const char *const before[] = {"my dog", "cat"}, *const after[] = {"my dog 1", "cat"};
  put("JPEGImages/cat.jpg", "");
  check_ids("my dog 1\ncat some text\n", 2, before);
  put("JPEGImages/my dog 1.png", "");
  check_ids("my dog 1\ncat some text\n", 2, after);
}
END_TEST

START_TEST(paths_and_extensions) {
  static const char *const suffix[] = {".jpg", ".jpeg", ".JPG", ".JPEG", ".png", ".PNG"};
  char list[256] = "", name[64], expected[1024];
  for (size_t i = 0; i < 6; i++) {
    snprintf(name, sizeof name, "JPEGImages/p%zu%s", i, suffix[i]);
    put(name, "");
    snprintf(list + strlen(list), sizeof list - strlen(list), "p%zu\n", i);
  }
  strcat(list, "absent\n");
  put("JPEGImages/p0.png", ""); /* .jpg comes first */
  put("ImageSets/Segmentation/val.txt", list);
  vx_voc voc = opened("val");
  for (size_t i = 0; i < 6; i++) {
    snprintf(expected, sizeof expected, "%s/JPEGImages/p%zu%s", root, i, suffix[i]);
    ck_assert_str_eq(voc.entry[i].image, expected);
  }
  const vx_voc_entry *last = &voc.entry[6];
  snprintf(expected, sizeof expected, "%s/JPEGImages/absent.jpg", root);
  ck_assert_str_eq(last->image, expected);
  snprintf(expected, sizeof expected, "%s/SegmentationClass/absent.png", root);
  ck_assert_str_eq(last->mask, expected);
  snprintf(expected, sizeof expected, "%s/SegmentationObject/absent.png", root);
  ck_assert_str_eq(last->object_mask, expected);
  snprintf(expected, sizeof expected, "%s/Annotations/absent.xml", root);
  ck_assert_str_eq(last->annotation, expected);
  vx_voc_close(&voc);
}
END_TEST

START_TEST(a_list_may_be_any_file) {
  put("ImageSets/Segmentation/val.txt", "a\n");
  put("mine.txt", "b\nc\n");
  char *path = path_in(root, "mine.txt");
  vx_voc voc = opened(path);
  ck_assert_uint_eq(voc.count, 2);
  ck_assert_str_eq(voc.list, path);
  ck_assert_str_eq(voc.entry[0].id, "b");
  vx_voc_close(&voc);
  free(path);
}
END_TEST

START_TEST(what_is_wrong_with_a_list_is_named) {
  put("ImageSets/Segmentation/train.txt", "a\n");
  refused("val", root, "lists in ImageSets/Segmentation: train;");
  refused("", root, "expected one of them");
  put("ImageSets/Segmentation/val.txt", "");
  refused("val", "val.txt", "lists no image");
  put("ImageSets/Segmentation/val.txt", "\n \r\n");
  refused("val", "val.txt", "lists no image");
  put("ImageSets/Segmentation/val.txt", "a\nb\na \n");
  refused("val", "val.txt", "lists image \"a\" twice");
  put("ImageSets/Segmentation/val.txt", "a\n../a\n");
  refused("val", "val.txt:2", "is a path");
  put("ImageSets/Segmentation/val.txt", "..\n");
  refused("val", "val.txt:1", "is a path");
  put("ImageSets/Segmentation/val.txt", "a -1\n");
  refused("val", "val.txt", "all lines have -1");
  put("ImageSets/Segmentation/val.txt", "image,class\na.jpg,unicorn\n");
  refused("val", "val.txt:2", "the class \"unicorn\"");
  put("ImageSets/Segmentation/val.txt", "a\001b\n");
  refused("val", "val.txt:1", "control character");
  put("ImageSets/Segmentation/val.txt", "a\n\xff\xfe\n");
  refused("val", "val.txt", "not UTF-8");
  char *path = path_in(root, "ImageSets/Segmentation/val.txt");
  write_bytes(path, "a\0b\n", 4);
  refused("val", "val.txt", "NUL");
  free(path);
}
END_TEST

START_TEST(what_is_missing_is_named) {
  char path[600], folder[512];
  vx_voc voc;
  vx_error error;
  snprintf(path, sizeof path, "%s/nothing", root);
  ck_assert(!vx_voc_open(path, "val", NULL, &voc, &error));
  check_error(&error, path, "not a folder");
  make_folder(folder);
  ck_assert(!vx_voc_open(folder, "val", NULL, &voc, &error));
  check_error(&error, folder, "no folder JPEGImages");
  free(path_in(folder, "VOC2012/JPEGImages/x"));
  ck_assert(!vx_voc_open(folder, "val", NULL, &voc, &error));
  check_error(&error, folder, "no folder JPEGImages");
  free(path_in(folder, "JPEGImages/x"));
  ck_assert(!vx_voc_open(folder, "val", NULL, &voc, &error));
  check_error(&error, folder, "no folder SegmentationClass");
  free(path_in(folder, "SegmentationClass/x"));
  ck_assert(!vx_voc_open(folder, "val", NULL, &voc, &error));
  check_error(&error, folder, "has no mask with a picture");
  ck_assert(!vx_voc_open(folder, "train", NULL, &voc, &error));
  check_error(&error, folder, "lists in ImageSets/Segmentation: none");
  remove_folder(folder);
}
END_TEST

/* Opens `folder` of the root and compares every entry with "id image mask", the last two below the folder. */
static void check_entries(const char *folder, const char *split, size_t count, const char *const entries[][3]) {
  char path[700], expected[1024];
  vx_voc voc;
  vx_error error = {"", ""};
  snprintf(path, sizeof path, "%s%s%s", root, *folder ? "/" : "", folder);
  ck_assert_msg(vx_voc_open(path, split, NULL, &voc, &error), "%s: %s", error.where, error.why);
  ck_assert_uint_eq(voc.count, count);
  for (size_t i = 0; i < count; i++) {
    ck_assert_str_eq(voc.entry[i].id, entries[i][0]);
    snprintf(expected, sizeof expected, "%s/%s", path, entries[i][1]);
    ck_assert_str_eq(voc.entry[i].image, expected);
    snprintf(expected, sizeof expected, "%s/%s", path, entries[i][2]);
    ck_assert_str_eq(voc.entry[i].mask, expected);
  }
  vx_voc_close(&voc);
}

START_TEST(layouts_of_other_tools) {
  /* Roboflow: pictures and masks side by side, the split is a folder */
  put("flat/valid/a_jpg.rf.1.jpg", "");
  put("flat/valid/a_jpg.rf.1_mask.png", "");
  put("flat/valid/b.jpg", "");
  put("flat/valid/b_mask.png", "");
  put("flat/valid/alone.jpg", "");
  put("flat/valid/_classes.csv", "Pixel Value, Class\n0, background\n1, crack\n2, rust\n");
  const char *const flat[][3] = {{"a_jpg.rf.1", "valid/a_jpg.rf.1.jpg", "valid/a_jpg.rf.1_mask.png"},
                                 {"b", "valid/b.jpg", "valid/b_mask.png"}};
  check_entries("flat", "val", 2, flat);
  /* labelme: arrays in SegmentationClass, masks in SegmentationClassPNG, no list */
  put("labelme/JPEGImages/x.jpg", "");
  put("labelme/SegmentationClass/x.npy", "");
  put("labelme/SegmentationClassPNG/x.png", "");
  put("labelme/class_names.txt", "_background_\ncat\ndog\n");
  const char *const labelme[][3] = {{"x", "JPEGImages/x.jpg", "SegmentationClassPNG/x.png"}};
  check_entries("labelme", "val", 1, labelme);
  /* VOCdevkit with two years: the newest; SegmentationClassAug for what SegmentationClass does not have */
  put("kit/VOCdevkit/VOC2007/JPEGImages/old.jpg", "");
  put("kit/VOCdevkit/VOC2007/SegmentationClass/old.png", "");
  put("kit/VOCdevkit/VOC2012/JPEGImages/n.jpg", "");
  put("kit/VOCdevkit/VOC2012/JPEGImages/m.JPG", "");
  put("kit/VOCdevkit/VOC2012/SegmentationClass/n.png", "");
  put("kit/VOCdevkit/VOC2012/SegmentationClassAug/n.png", "");
  put("kit/VOCdevkit/VOC2012/SegmentationClassAug/m.png", "");
  put("kit/VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt", "m\nn\n");
  const char *const kit[][3] = {
      {"m", "VOCdevkit/VOC2012/JPEGImages/m.JPG", "VOCdevkit/VOC2012/SegmentationClassAug/m.png"},
      {"n", "VOCdevkit/VOC2012/JPEGImages/n.jpg", "VOCdevkit/VOC2012/SegmentationClass/n.png"}};
  check_entries("kit", "train", 2, kit);
  /* images and masks, ISIC's suffix, another extension; no list: every mask that has a picture */
  put("isic/images/ISIC_1.jpg", "");
  put("isic/images/ISIC_2.jpeg", "");
  put("isic/images/ISIC_3.jpg", "");
  put("isic/masks/ISIC_1_segmentation.png", "");
  put("isic/masks/ISIC_2.PNG", "");
  put("isic/masks/ISIC_9.png", "");
  const char *const isic[][3] = {{"ISIC_1", "images/ISIC_1.jpg", "masks/ISIC_1_segmentation.png"},
                                 {"ISIC_2", "images/ISIC_2.jpeg", "masks/ISIC_2.PNG"}};
  check_entries("isic", "val", 2, isic);
  check_entries("isic", "all", 2, isic);
  /* a mask of another kind is found, for its reading to say what it is */
  put("isic/masks/ISIC_3_segmentation.bmp", "BM");
  put("isic/three.txt", "ISIC_3\n");
  const char *const bmp[][3] = {{"ISIC_3", "images/ISIC_3.jpg", "masks/ISIC_3_segmentation.bmp"}};
  char *list = path_in(root, "isic/three.txt");
  check_entries("isic", list, 1, bmp);
  free(list);
}
END_TEST

START_TEST(lists_of_paths_pairs_and_tables) {
  const char *const three[][3] = {{"a", "JPEGImages/a.jpg", "SegmentationClass/a.png"},
                                  {"b", "JPEGImages/b.png", "SegmentationClass/b.png"},
                                  {"c", "JPEGImages/c.jpg", "other/c_x.png"}};
  char absolute[1200];
  put("JPEGImages/a.jpg", "");
  put("JPEGImages/b.png", "");
  put("JPEGImages/c.jpg", "");
  put("SegmentationClass/a.png", "");
  put("SegmentationClass/b.png", "");
  put("other/c_x.png", "");
  snprintf(absolute, sizeof absolute, "%s/JPEGImages/a.jpg\n/home/me/VOC2012/JPEGImages/b.png\n", root);
  static const char *const lists[] = {
      "a.jpg\nb.png\n",
      "JPEGImages/a.jpg\n./JPEGImages/b.png\n",
      "JPEGImages/a\nJPEGImages/b\n",
      "/JPEGImages/a.jpg /SegmentationClass/a.png\n/JPEGImages/b.png /SegmentationClass/b.png\n",
      "JPEGImages\\a.jpg\nC:\\data\\JPEGImages\\b.png\n",
      "a.jpg,a.png\nb.png,b.png\n",
      "a.jpg\ta.png\nb.png\tb.png\n"};
  for (size_t i = 0; i <= sizeof lists / sizeof *lists; i++) {
    put("ImageSets/Segmentation/val.txt", i ? lists[i - 1] : absolute);
    vx_voc voc = opened("val");
    ck_assert_uint_eq(voc.count, 2);
    for (size_t k = 0; k < 2; k++) {
      ck_assert_str_eq(voc.entry[k].id, three[k][0]);
      ck_assert_msg(strstr(voc.entry[k].image, three[k][1]), "list %zu: %s", i, voc.entry[k].image);
      ck_assert_msg(strstr(voc.entry[k].mask, three[k][2]), "list %zu: %s", i, voc.entry[k].mask);
    }
    vx_voc_close(&voc);
  }
  put("ImageSets/Segmentation/val.txt",
      "class,image,mask\ndog,a.jpg,a.png\n\"cat\",\"b.png\",\n,c.jpg,other/c_x.png\n");
  check_entries("", "val", 3, three);
  vx_voc voc = opened("val");
  ck_assert(voc.entry[0].data_class == 12 && voc.entry[1].data_class == 8 && voc.entry[2].data_class == 0);
  vx_voc_close(&voc);
  /* pictures of one name in two folders */
  put("JPEGImages/one/a.jpg", "");
  put("JPEGImages/two/a.jpg", "");
  put("ImageSets/Segmentation/val.txt", "JPEGImages/one/a.jpg\nJPEGImages/two/a.jpg\n");
  voc = opened("val");
  ck_assert_str_eq(voc.entry[0].id, "JPEGImages_one_a");
  ck_assert_str_eq(voc.entry[1].id, "JPEGImages_two_a");
  vx_voc_close(&voc);
}
END_TEST

/* What PowerShell's > writes: UTF-16 with a mark, of either order; beyond the first plane, too. */
START_TEST(lists_in_utf_16) {
  static const uint16_t text[] = {0xfeff, 'a', '\r', '\n', 0xe4, 0x4e2d, 0xd83d, 0xde00, '\r', '\n'};
  char *path = path_in(root, "ImageSets/Segmentation/val.txt");
  for (int big = 0; big < 2; big++) {
    uint8_t bytes[sizeof text];
    for (size_t i = 0; i < sizeof text / 2; i++) {
      bytes[2 * i + (big ? 0 : 1)] = (uint8_t)(text[i] >> 8);
      bytes[2 * i + (big ? 1 : 0)] = (uint8_t)text[i];
    }
    write_bytes(path, bytes, sizeof bytes);
    vx_voc voc = opened("val");
    ck_assert_uint_eq(voc.count, 2);
    ck_assert_str_eq(voc.entry[0].id, "a");
    ck_assert_str_eq(voc.entry[1].id, "\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80");
    vx_voc_close(&voc);
  }
  write_bytes(path, "\xff\xfe\x3d\xd8\x0a\x00", 6); /* half a pair */
  refused("val", "val.txt", "not UTF-8");
  free(path);
}
END_TEST

START_TEST(class_names) {
  put("ImageSets/Segmentation/val.txt", "a\n");
  vx_voc voc = opened("val");
  ck_assert_int_eq(voc.classes.count, 21);
  ck_assert_str_eq(voc.classes.name[0], "background");
  ck_assert_str_eq(voc.classes.name[1], "aeroplane");
  ck_assert_str_eq(voc.classes.name[15], "person");
  ck_assert_str_eq(voc.classes.name[20], "tvmonitor");
  ck_assert_int_eq(vx_classes_find(&voc.classes, " Dog "), 12);
  ck_assert_int_eq(vx_classes_find(&voc.classes, "dogs"), -1);
  vx_voc_close(&voc);
  put("classes.txt", "striped disc\r\n dotted star \n\n");
  voc = opened("val");
  ck_assert_int_eq(voc.classes.count, 3);
  ck_assert_str_eq(voc.classes.name[1], "striped disc");
  ck_assert_str_eq(voc.classes.name[2], "dotted star");
  vx_voc_close(&voc);
  put("classes.txt", "Background\nstriped disc\ndotted star\n");
  voc = opened("val");
  ck_assert_int_eq(voc.classes.count, 3);
  ck_assert_str_eq(voc.classes.name[1], "striped disc");
  vx_voc_close(&voc);
  put("classes.txt", "");
  refused("val", "classes.txt", "names no class");
  put("classes.txt", "a\n\nb\n");
  refused("val", "classes.txt:2", "is empty");
  put("classes.txt", "a\nb\nA\n");
  refused("val", "classes.txt:3", "already the name of label 1");
  put("classes.txt", "background\n");
  refused("val", "classes.txt", "names no class");
}
END_TEST

START_TEST(at_most_254_classes) {
  char text[4096] = "";
  for (int i = 1; i <= 254; i++) sprintf(text + strlen(text), "c%d\n", i);
  put("ImageSets/Segmentation/val.txt", "a\n");
  put("classes.txt", text);
  vx_voc voc = opened("val");
  ck_assert_int_eq(voc.classes.count, 255);
  vx_voc_close(&voc);
  strcat(text, "one more\n");
  put("classes.txt", text);
  refused("val", "classes.txt:255", "at most 254");
}
END_TEST

static bool collect(const char *name, void *user) {
  strcat(strcat(user, name), " ");
  return true;
}

START_TEST(lists_are_found) {
  char all[256] = "";
  put("ImageSets/Segmentation/val.txt", "a\n");
  put("ImageSets/Segmentation/train.txt", "a\n");
  put("ImageSets/Segmentation/notes.md", "a\n");
  ck_assert(vx_voc_lists(root, collect, all, NULL));
  ck_assert_str_eq(all, "train val ");
}
END_TEST

/* The real data sets: counts, and every mask as large as its picture. */
START_TEST(real_data_sets) {
  char path[1024];
  vx_voc voc;
  vx_error error = {"", ""};
  if (shared_path("voc-real/VOC2012", path)) {
    ck_assert_msg(vx_voc_open(path, "trainval", NULL, &voc, &error), "%s", error.why);
    ck_assert_uint_eq(voc.count, 6);
    vx_voc_close(&voc);
  }
  if (!shared_path("voc2012-subset/VOC2012", path)) return;
  ck_assert_msg(vx_voc_open(path, "val", NULL, &voc, &error), "%s", error.why);
  ck_assert_uint_eq(voc.count, 1449);
  vx_voc_close(&voc);
  ck_assert_msg(vx_voc_open(path, "subset", NULL, &voc, &error), "%s", error.why);
  ck_assert_uint_eq(voc.count, 676);
  for (size_t i = 0; i < voc.count; i += 13) {
    vx_picture picture;
    vx_mask mask;
    size_t count[VX_LABELS];
    ck_assert_msg(vx_picture_read(voc.entry[i].image, &picture, &error), "%s: %s", error.where, error.why);
    ck_assert_msg(vx_mask_read(voc.entry[i].mask, NULL, &mask, &error), "%s: %s", error.where, error.why);
    ck_assert(picture.width == mask.width && picture.height == mask.height);
    vx_mask_count(&mask, count);
    for (int label = 21; label < VX_LABEL_VOID; label++) ck_assert_uint_eq(count[label], 0);
    vx_picture_free(&picture);
    vx_mask_free(&mask);
  }
  vx_voc_close(&voc);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("voc");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, lists_in_every_spelling);
  tcase_add_test(tcase, odd_ids_survive);
  tcase_add_test(tcase, a_picture_decides_about_blanks);
  tcase_add_test(tcase, paths_and_extensions);
  tcase_add_test(tcase, a_list_may_be_any_file);
  tcase_add_test(tcase, what_is_wrong_with_a_list_is_named);
  tcase_add_test(tcase, what_is_missing_is_named);
  tcase_add_test(tcase, layouts_of_other_tools);
  tcase_add_test(tcase, lists_of_paths_pairs_and_tables);
  tcase_add_test(tcase, lists_in_utf_16);
  tcase_add_test(tcase, class_names);
  tcase_add_test(tcase, at_most_254_classes);
  tcase_add_test(tcase, lists_are_found);
  tcase_add_test(tcase, real_data_sets);
  return run_suite("voc", tcase);
}
