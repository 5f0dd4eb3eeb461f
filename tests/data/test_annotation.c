/* Annotations: VOC's own, those of other tools, and broken ones. */
#include <dirent.h>
#include <math.h>

#include "harness/data/annotation.h"
#include "tests/support/files.h"

static bool parse(const char *text, vx_annotation *annotation, vx_error *error) {
  return vx_annotation_parse((const uint8_t *)text, strlen(text), "note.xml", annotation, error);
}

static vx_annotation parsed(const char *text) {
  vx_annotation annotation;
  vx_error error = {"", ""};
  ck_assert_msg(parse(text, &annotation, &error), "%s: %s", error.where, error.why);
  return annotation;
}

static const char voc[] =
    "<annotation>\n<folder>VOC2012</folder><filename>2007_000033.jpg</filename>\n"
    "<size><width>500</width><height>366</height><depth>3</depth></size><segmented>1</segmented>\n"
    "<object><name>aeroplane</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult><occluded>1</"
    "occluded>"
    "<bndbox><xmin>9</xmin><ymin>107</ymin><xmax>499</xmax><ymax>263</ymax></bndbox></object>\n"
    "<object><name>person</name><part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax>"
    "</bndbox></part><bndbox><ymax>40.5</ymax><xmax>30.25</xmax><ymin>20</ymin><xmin>10</xmin></bndbox></object>\n"
    "</annotation>\n";

START_TEST(vocs_own) {
  vx_annotation a = parsed(voc);
  ck_assert(a.width == 500 && a.height == 366 && a.depth == 3 && a.segmented == 1 && a.count == 2);
  const vx_object *o = a.object;
  ck_assert_str_eq(o->name, "aeroplane");
  ck_assert_str_eq(o->pose, "Left");
  ck_assert(o->truncated == 1 && o->difficult == 0 && o->occluded == 1);
  ck_assert(o->x_min == 9 && o->y_min == 107 && o->x_max == 499 && o->y_max == 263);
  ck_assert_str_eq(o[1].name, "person"); /* not the part's */
  ck_assert(o[1].x_min == 10 && o[1].y_min == 20 && o[1].x_max == 30.25 && o[1].y_max == 40.5);
  ck_assert(o[1].truncated == -1 && o[1].difficult == -1 && o[1].occluded == -1);
  vx_annotation_free(&a);
}
END_TEST

START_TEST(other_tools) {
  vx_annotation a = parsed("<?xml version=\"1.0\" encoding=\"UTF-8\"?><annotation verified=\"yes\">"
                           "<folder/><filename> a.jpg </filename><segmented/><object><pose/><name> h\xc3\xa4nd &amp; "
                           "<![CDATA[<b>]]> </name><truncated/><difficult>false</difficult><occluded>True</occluded>"
                           "<polygon><pt><x>1</x></pt></polygon><attributes><attribute><name>rotation</name>"
                           "<value>0.0</value></attribute></attributes></object></annotation>");
  ck_assert(a.width == 0 && a.height == 0 && a.segmented == -1 && a.count == 1);
  ck_assert_str_eq(a.object->name, "h\xc3\xa4nd & <b>");
  ck_assert_str_eq(a.object->pose, "");
  ck_assert(a.object->truncated == -1 && a.object->difficult == 0 && a.object->occluded == 1);
  ck_assert(isnan(a.object->x_min) && isnan(a.object->y_max));
  vx_annotation_free(&a);
  a = parsed("<annotation/>");
  ck_assert(a.count == 0 && a.segmented == -1);
  vx_annotation_free(&a);
}
END_TEST

START_TEST(what_is_wrong_is_named) {
  static const struct {
    const char *text, *where, *why;
  } cases[] = {
      {"", "note.xml", "empty"},
      {"hello", "note.xml:1", "not XML"},
      {"<annotation>\n<object></annotation>", "note.xml:2", "not XML"},
      {"<annotations/>", "note.xml", "root element <annotations>, expected <annotation>"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vx_annotation a;
    vx_error error = {"", ""};
    ck_assert_msg(!parse(cases[i].text, &a, &error), "%s is read", cases[i].text);
    check_error(&error, cases[i].where, cases[i].why);
    ck_assert(a.count == 0 && !a.object);
  }
}
END_TEST

/* One field that is none: it is told and not said, and all others are as they were. */
START_TEST(a_bad_field_costs_that_field) {
  static const struct {
    const char *text, *where, *why;
  } cases[] = {
      {"<annotation>\n\n<object><bndbox/></object></annotation>", "note.xml:3: <object>", "no <name>"},
      {"<annotation><object><name>a</name><bndbox>\n<xmin>one</xmin></bndbox></object></annotation>",
       "note.xml:2: <xmin>", "is \"one\", expected a number"},
      {"<annotation><object><name>a</name><bndbox><xmin>nan</xmin></bndbox></object></annotation>", "<xmin>",
       "expected a number"},
      {"<annotation><object><name>a</name><bndbox><xmin>5</xmin><xmax>4</xmax></bndbox></object></annotation>",
       "<bndbox>", "maxima not below minima"},
      {"<annotation><object><name>a</name><difficult>2</difficult></object></annotation>", "<difficult>",
       "expected 0 or 1"},
      {"<annotation><size><width>-1</width></size></annotation>", "<size><width>", "whole number"},
      {"<annotation><size><width>1e99</width></size></annotation>", "<size><width>", "whole number"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vx_annotation a;
    vx_error error = {"", ""};
    ck_assert_msg(parse(cases[i].text, &a, &error), "%s: %s", error.where, error.why);
    ck_assert_int_eq(a.bad, 1);
    check_error(&a.trouble, cases[i].where, cases[i].why);
    ck_assert_int_eq(a.width, 0);
    for (size_t k = 0; k < a.count; k++) {
      ck_assert_str_eq(a.object[k].name, "a");
      ck_assert(isnan(a.object[k].x_min) && a.object[k].difficult == -1);
    }
    vx_annotation_free(&a);
  }
  vx_annotation a;
  ck_assert(
      parse("<annotation><object><name>cat</name><difficult>maybe</difficult><bndbox><xmin>1</xmin><ymin>2</ymin>"
            "<xmax>3</xmax><ymax>x</ymax></bndbox></object><object/><object><name>dog</name><truncated>1</truncated>"
            "</object></annotation>",
            &a, NULL));
  ck_assert(a.bad == 3 && a.count == 2);
  ck_assert(!strcmp(a.object[0].name, "cat") && a.object[0].x_min == 1 && a.object[0].x_max == 3 &&
            isnan(a.object[0].y_max));
  ck_assert(!strcmp(a.object[1].name, "dog") && a.object[1].truncated == 1);
  check_error(&a.trouble, "<difficult>", "is \"maybe\"");
  vx_annotation_free(&a);
}
END_TEST

/* Neither files nor entities are followed, and a bomb of entities does not grow. */
START_TEST(entities_stay_closed) {
  char folder[512], text[2048];
  make_folder(folder);
  char *secret = write_text(folder, "secret.txt", "dog");
  snprintf(text, sizeof text,
           "<!DOCTYPE annotation [<!ENTITY f SYSTEM \"file://%s\"><!ENTITY a \"cat\"><!ENTITY b \"&a;&a;&a;&a;\">"
           "<!ENTITY c \"&b;&b;&b;&b;\">]><annotation><object><name>x&f;&a;&c;</name></object></annotation>",
           secret);
  vx_annotation a;
  if (parse(text, &a, NULL)) {
    ck_assert_str_eq(a.object->name, "x");
    vx_annotation_free(&a);
  }
  free(secret);
  remove_folder(folder);
}
END_TEST

START_TEST(truncated_annotations_are_errors) {
  char folder[512];
  make_folder(folder);
  char *path = path_in(folder, "note.xml");
  size_t end = strlen(voc) - 1; /* the last byte is a line end */
  for (size_t length = 0; length < end; length += length + 1 < end ? (end / 40) : 1) {
    vx_annotation a;
    vx_error error = {"", ""};
    write_bytes(path, voc, length);
    ck_assert_msg(!vx_annotation_read(path, &a, &error), "cut to %zu bytes is read", length);
    check_error(&error, path, "");
    ck_assert(strlen(error.why) > 5);
  }
  vx_error error;
  vx_annotation a;
  char *missing = path_in(folder, "missing.xml");
  ck_assert(!vx_annotation_read(missing, &a, &error));
  check_error(&error, missing, "No such file");
  free(missing);
  free(path);
  remove_folder(folder);
}
END_TEST

/* Random bytes changed: read or refused, never a crash. */
START_TEST(damaged_annotations_never_crash) {
  char text[sizeof voc];
  uint64_t state = 31;
  for (int round = 0; round < 2000; round++) {
    memcpy(text, voc, sizeof voc);
    for (int i = 0; i < 1 + round % 3; i++) text[draw(&state) % (sizeof voc - 1)] = (char)draw(&state);
    vx_annotation a;
    vx_error error = {"", ""};
    if (vx_annotation_parse((const uint8_t *)text, sizeof voc - 1, "note.xml", &a, &error)) {
      vx_annotation_free(&a);
    } else {
      ck_assert(strstr(error.where, "note.xml") && error.why[0]);
    }
  }
}
END_TEST

/* Every annotation of the real data sets is read, with a size, names and boxes inside the picture (up to a pixel). */
static int check_all(const char *folder) {
  DIR *dir = opendir(folder);
  int count = 0;
  ck_assert_ptr_nonnull(dir);
  for (struct dirent *item; (item = readdir(dir));) {
    if (!strstr(item->d_name, ".xml")) continue;
    char path[2048];
    vx_annotation a;
    vx_error error = {"", ""};
    snprintf(path, sizeof path, "%s/%s", folder, item->d_name);
    ck_assert_msg(vx_annotation_read(path, &a, &error), "%s: %s", error.where, error.why);
    ck_assert_msg(a.width > 0 && a.height > 0 && a.count > 0, "%s has no size or objects", path);
    for (size_t i = 0; i < a.count; i++)
      ck_assert_msg(a.object[i].x_min >= 0 && a.object[i].x_max <= a.width + 1 && a.object[i].y_max <= a.height + 1,
                    "%s: box of object %zu", path, i);
    vx_annotation_free(&a);
    count++;
  }
  closedir(dir);
  return count;
}

START_TEST(real_annotations) {
  char path[1024];
  if (shared_path("voc-real/VOC2012/Annotations", path)) ck_assert_int_eq(check_all(path), 6);
  if (shared_path("voc2012-subset/VOC2012/Annotations", path)) ck_assert_int_eq(check_all(path), 676);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("annotation");
  tcase_add_test(tcase, vocs_own);
  tcase_add_test(tcase, other_tools);
  tcase_add_test(tcase, what_is_wrong_is_named);
  tcase_add_test(tcase, a_bad_field_costs_that_field);
  tcase_add_test(tcase, entities_stay_closed);
  tcase_add_test(tcase, truncated_annotations_are_errors);
  tcase_add_test(tcase, damaged_annotations_never_crash);
  tcase_add_test(tcase, real_annotations);
  return run_suite("annotation", tcase);
}
