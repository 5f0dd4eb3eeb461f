/* The files of `vitx explain`: odd names, broken pictures, mixes, the command line. */
#include "base/safe_name.h"
#include "harness/data/picture.h"
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

static vx_picture drawn_file(const char *name) {
  vx_picture picture;
  vx_error error = {"", ""};
  char *path = path_in(folder, name);
  ck_assert_msg(vx_picture_read(path, &picture, &error), "%s: %s", error.where, error.why);
  free(path);
  return picture;
}

/* ---- names and broken pictures ------------------------------------------------------------------------------------
 */

START_TEST(names_become_safe) {
  static const struct {
    const char *text, *name;
  } known[] = {{"rollout", "rollout"},
               {"rollout+lrp-stable:sqrt", "rollout+lrp-stable-sqrt"},
               {"../../etc/passwd", "etc-passwd"},
               {"--help", "help"},
               {".hidden", "hidden"},
               {"a\"b'c<d>&e|f;g$h`i\\j*k?l", "a-b-c-d-e-f-g-h-i-j-k-l"},
               {"new\nline\ttab\x1b[31m", "new-line-tab-31m"},
               {"\xf0\x9f\x90\x99 octopus", "\xf0\x9f\x90\x99-octopus"},
               {"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
               {"a\xe2\x80\xae"
                "b",
                "a-b"}, /* right-to-left override */
               {"bad \xff\xc0\xaf utf", "bad-utf"},
               {"cut \xe2\x82", "cut"},
               {"", "unnamed"},
               {"...", "unnamed"},
               {"\xc2\xa0", "unnamed"}};
  char name[VX_SAFE_NAME];
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    vx_safe_name(known[i].text, name);
    ck_assert_str_eq(name, known[i].name);
  }
  char text[400];
  for (int i = 0; i < 396; i += 4) memcpy(text + i, "\xf0\x9f\x90\x99", 5);
  vx_safe_name(text, name);
  ck_assert_uint_lt(strlen(name), VX_SAFE_NAME - 7);
  ck_assert_uint_eq(strlen(name) % 4, 0); /* cut between characters */
  vx_safe_stem("a/b.c/My photo.tar.jpeg", name);
  ck_assert_str_eq(name, "My-photo.tar");
  vx_safe_stem("folder/", name);
  ck_assert_str_eq(name, "folder");
  vx_safe_stem(".jpg", name);
  ck_assert_str_eq(name, "jpg");
  static const char before[][VX_SAFE_NAME] = {"a", "A-2"};
  strcpy(name, "a");
  vx_safe_distinct(before, 2, name);
  ck_assert_str_eq(name, "a-3");
}
END_TEST

START_TEST(odd_names_and_broken_pictures) {
  static const char *const names[] = {"in/a \"quoted\" <b>&amp;.jpg",
                                      "in/\xf0\x9f\x90\x99.jpg",
                                      "in/\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85.jpg",
                                      "in/line\nbreak.JPEG",
                                      "in/not \xff utf.jpg",
                                      "in/-rf.jpg"};
  size_t size, count = sizeof names / sizeof *names;
  uint8_t *bytes = read_bytes(PICTURE, &size);
  for (size_t i = 0; i < count; i++) {
    char *path = path_in(folder, names[i]);
    write_bytes(path, bytes, size);
    free(path);
  }
  char *broken = path_in(folder, "in/broken.jpg"), *none = path_in(folder, "in/empty.png"), arguments[900];
  write_bytes(broken, bytes, size / 2);
  write_bytes(none, "", 0);
  snprintf(arguments, sizeof arguments,
           "explain '%s/in' --model " MODEL " --methods rollout,cam --sheet-only --out '%s/out'", folder, folder);
  ck_assert_int_eq(run_vitx(folder, arguments), 1);
  ck_assert(vitx_said(folder, "broken.jpg") && vitx_said(folder, "empty.png") &&
            vitx_said(folder, "2 of 8 pictures could not be explained"));
  ck_assert(!vitx_said(folder, "break\n.JPEG") && vitx_said(folder, "line?break.JPEG"));
  static const char *const stems[] = {"a-quoted-b-amp",
                                      "\xf0\x9f\x90\x99",
                                      "line-break",
                                      "not-utf",
                                      "rf",
                                      "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d-\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85"};
  for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
    char name[300];
    snprintf(name, sizeof name, "out/%s/contact-sheet.png", stems[i]);
    vx_picture page = drawn_file(name);
    vx_picture_free(&page);
  }
  char *method = path_in(folder, "out/rf/rollout-v.png");
  ck_assert_int_ne(access(method, F_OK), 0); /* --sheet-only */
  free(method);
  free(broken);
  free(none);
  free(bytes);
}
END_TEST

/* ---- the command line ---------------------------------------------------------------------------------------------
 */

START_TEST(mixes_and_parameters) {
  char arguments[900];
  snprintf(arguments, sizeof arguments,
           "explain " PICTURE " --model " MODEL " --methods rollout+lrp-stable:sqrt,rollout --param"
           " rollout.heads=max --out '%s/out'",
           folder);
  ck_assert_int_eq(run_vitx(folder, arguments), 0);
  vx_picture picture = drawn_file("out/smoke_0002/rollout+lrp-stable-sqrt-v.png");
  vx_picture_free(&picture);
  char *hidden = path_in(folder, "out/smoke_0002/lrp-stable-v.png");
  ck_assert_int_ne(access(hidden, F_OK), 0);
  free(hidden);
}
END_TEST

START_TEST(bad_use_is_named) {
  static const vitx_use known[] = {
      {"explain", "wants pictures", 2},
      {"explain " PICTURE, "--model", 2},
      {"explain " PICTURE " --model " MODEL " --alpha 2", "--alpha", 2},
      {"explain " PICTURE " --model " MODEL " --map jet", "viridis|inferno", 2},
      {"explain " PICTURE " --model " MODEL " --size huge", "--size", 2},
      {"explain " PICTURE " --model " MODEL " --methods rolout", "did you mean 'rollout'", 1},
      {"explain " PICTURE " --model " MODEL " --methods rollout,rollout", "twice", 1},
      {"explain " PICTURE " --model " MODEL " --methods class-prior", "data set", 1},
      {"explain " PICTURE " --model " MODEL " --methods rollout --param cam.x=1", "not among", 1},
      {"explain " PICTURE " --model " MODEL " --methods rollout --param rollout.start_layer=77", "layer", 1},
      {"explain " PICTURE " --model " MODEL " --target unicorn", "--target", 1},
      {"explain " PICTURE " --model " MODEL " --target 99999", "--target", 1},
      {"explain " PICTURE " --model no/such/model", "no/such/model", 1},
      {"explain --help", "EXAMPLES", 0},
  };
  check_uses(folder, known, sizeof known / sizeof *known);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("explain files");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, names_become_safe);
  tcase_add_test(tcase, odd_names_and_broken_pictures);
  tcase_add_test(tcase, mixes_and_parameters);
  tcase_add_test(tcase, bad_use_is_named);
  return run_suite("explain files", tcase);
}
