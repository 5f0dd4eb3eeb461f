/* What the report is made of: data that no name can break out of, the part of a picture that maps cover, and files of
   thousands of images. The page itself is tested in a browser (test_report.sh). */
#include "tests/support/store_files.h"

#include <jansson.h>

#include "harness/data/input.h"
#include "harness/report/embed.h"
#include "harness/report/report.h"
#include "harness/run/frame.h"
#include "harness/run/origin.h"
#include "tests/support/suite.h"

/* ---- data in the page ------------------------------------------------------------------------------------------- */

/* What vx_embed_write writes of a text, without the element around it; to be freed. */
static char *written(const char *text) {
  char *page = NULL;
  size_t size = 0;
  vx_error error;
  FILE *to = open_memstream(&page, &size);
  ck_assert(vx_embed_write(to, "x", json_pack("[o]", vx_embed_text(text)), &error));
  fclose(to);
  const char *head = "<script type=\"application/json\" id=\"x\">", *tail = "</script>\n";
  ck_assert_int_eq(strncmp(page, head, strlen(head)), 0);
  ck_assert_str_eq(page + size - strlen(tail), tail);
  char *inside = strndup(page + strlen(head), size - strlen(head) - strlen(tail));
  free(page);
  return inside;
}

START_TEST(names_cannot_leave_the_data) {
  static const char *const names[] = {"</script><script>alert(1)</script>",
                                      "<!--<script>",
                                      "\"quotes\" and \\ and 'single'",
                                      "line\xE2\x80\xA8separator\xE2\x80\xA9",
                                      "\xF0\x9F\xA6\x92 giraffe",
                                      "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
                                      "tab\tand newline\n",
                                      ""};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *inside = written(names[i]);
    ck_assert_ptr_null(strchr(inside, '<'));
    for (const char *c = inside; *c; c++) ck_assert_int_gt(*c, 31); /* ASCII without control characters */
    json_error_t why;
    json_t *back = json_loads(inside, 0, &why);
    ck_assert_msg(back != NULL, "%s: %s", names[i], why.text);
    ck_assert_str_eq(json_string_value(json_array_get(back, 0)), names[i]);
    json_decref(back);
    free(inside);
  }
}
END_TEST

START_TEST(bytes_that_are_no_text_are_marked) {
  static const struct {
    const char *bytes, *text;
  } cases[] = {{"a\xFFz", "a\xEF\xBF\xBDz"},
               {"\xC3", "\xEF\xBF\xBD"},                                                 /* cut off */
               {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},                                 /* overlong */
               {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},                 /* a surrogate */
               {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* above U+10FFFF */
               {"\xC3\xBC\xFF\xF0\x9F\xA6\x92", "\xC3\xBC\xEF\xBF\xBD\xF0\x9F\xA6\x92"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    json_t *json = vx_embed_text(cases[i].bytes);
    ck_assert_ptr_nonnull(json);
    ck_assert_str_eq(json_string_value(json), cases[i].text);
    json_decref(json);
  }
}
END_TEST

START_TEST(base64_is_that_of_rfc_4648) {
  static const char *const cases[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    json_t *json = vx_embed_bytes((const uint8_t *)cases[i][0], strlen(cases[i][0]));
    ck_assert_str_eq(json_string_value(json), cases[i][1]);
    json_decref(json);
  }
  const uint8_t high[] = {0xFB, 0xFF, 0xBF};
  json_t *json = vx_embed_bytes(high, 3);
  ck_assert_str_eq(json_string_value(json), "+/+/");
  json_decref(json);
}
END_TEST

START_TEST(numbers_are_short_and_what_is_none_is_null) {
  json_t *none = vx_embed_number(NAN, 5), *infinite = vx_embed_number(INFINITY, 5), *whole = vx_embed_number(12, 5),
         *third = vx_embed_number(1.0 / 3, 4);
  ck_assert(json_is_null(none) && json_is_null(infinite) && json_is_integer(whole));
  ck_assert_double_eq(json_real_value(third), 0.3333);
  json_decref(whole);
  json_decref(third);
}
END_TEST

/* ---- what of a picture is shown --------------------------------------------------------------------------------- */

static vx_input_options frame_of(const char *input) {
  vx_run_row run = {.input = input, .name = "tiny"};
  vx_input_options options;
  vx_error error;
  OK(vx_origin_input(&run, &options, &error));
  return options;
}

START_TEST(a_squashed_picture_is_shown_whole_in_its_proportions) {
  vx_error error;
  vx_geometry g;
  vx_input_options frame = frame_of("size=224 resize=squash filter=bilinear");
  OK(vx_frame_to_thumbnail(&frame, 500, 375, 320, &g, &error));
  ck_assert(g.width == 320 && g.height == 240 && g.left == 0 && g.top == 0 && g.scaled_width == 320);
  OK(vx_frame_to_thumbnail(&frame, 100, 60, 320, &g, &error)); /* not made larger */
  ck_assert(g.width == 100 && g.height == 60);
  OK(vx_frame_to_thumbnail(&frame, 1, 3000, 320, &g, &error));
  ck_assert(g.width == 1 && g.height == 320);
  OK(vx_frame_to_map(&frame, 500, 375, 224, 224, &g, &error));
  ck_assert(g.scaled_width == 224 && g.scaled_height == 224 && g.width == 224);
}
END_TEST

START_TEST(a_cropped_picture_is_shown_as_the_model_saw_it) {
  vx_error error;
  vx_geometry shown, seen;
  vx_input_options frame = frame_of("size=224 resize=crop shorter_side=256 filter=bicubic");
  vx_input_options input = vx_input_default(224);
  input.resize = VX_RESIZE_CROP;
  input.shorter_side = 256;
  OK(vx_input_geometry(&input, 500, 375, &seen, &error));
  OK(vx_frame_to_map(&frame, 500, 375, 224, 224, &shown, &error));
  ck_assert_int_eq(memcmp(&shown, &seen, sizeof seen), 0);
  OK(vx_frame_to_thumbnail(&frame, 500, 375, 320, &shown, &error));
  ck_assert_int_eq(shown.width, shown.height);
  double left = (double)shown.left / shown.scaled_width, expected = (double)seen.left / seen.scaled_width;
  ck_assert_double_eq_tol(left, expected, 0.01);
  double share = (double)shown.width / shown.scaled_width;
  ck_assert_double_eq_tol(share, 224.0 / seen.scaled_width, 0.01);
}
END_TEST

START_TEST(an_input_that_says_nothing_is_an_error) {
  vx_run_row run = {.input = "size=224 resize=crop shorter_side=0", .name = "tiny"};
  vx_input_options frame;
  vx_error error = {.why = ""};
  ck_assert(!vx_origin_input(&run, &frame, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "shorter_side=0"));
}
END_TEST

/* ---- files ------------------------------------------------------------------------------------------------------ */

static vx_report_made make(const char *database, const vx_report_options *options, const char *page) {
  vx_error error;
  vx_report_made made;
  vx_store *store;
  OK((store = vx_store_open(database, VX_STORE_READ, &error)) != NULL);
  OK(vx_report_write(store, options, page, &made, &error));
  vx_store_close(store);
  return made;
}

START_TEST(thousands_of_images_stay_within_the_size_asked_for) {
  char database[256], page[300];
  vx_run_row run = run_info(2400, METHODS);
  fresh_path(database, "many");
  snprintf(page, sizeof page, "%s.html", database);
  write_images(database, &run, NULL, 2400);
  vx_report_options options = vx_report_defaults();
  options.resamples = 100;
  vx_report_made whole = make(database, &options, page);
  ck_assert_int_eq(whole.images, 1801); /* every fourth does not pass, but the seventh */
  ck_assert_int_eq(whole.pictures, whole.images);
  options.megabytes = 1;
  vx_report_made small = make(database, &options, page);
  ck_assert_int_eq(small.images, whole.images);
  ck_assert(small.pictures > 100 && small.pictures < small.images);
  ck_assert_ptr_nonnull(strstr(small.note, "no pictures"));
  ck_assert_int_lt(small.bytes, whole.bytes);
  unlink(page);
  remove_path(database);
}
END_TEST

START_TEST(a_page_that_cannot_be_written_leaves_nothing) {
  char database[256];
  vx_run_row run = run_info(IMAGES, METHODS);
  vx_error error = {.why = ""};
  vx_report_made made;
  vx_store *store;
  fresh_path(database, "nowhere");
  write_images(database, &run, NULL, IMAGES);
  vx_report_options options = vx_report_defaults();
  options.resamples = 10;
  OK((store = vx_store_open(database, VX_STORE_READ, &error)) != NULL);
  ck_assert(!vx_report_write(store, &options, "/nowhere/at/all.html", &made, &error));
  ck_assert_ptr_nonnull(strstr(error.where, "/nowhere/at/all.html"));
  options.attention = "no-such-image";
  options.root = "data/smoke";
  options.split = "val";
  char page[300];
  snprintf(page, sizeof page, "%s.html", database);
  ck_assert(!vx_report_write(store, &options, page, &made, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "no-such-image"));
  ck_assert_int_ne(access(page, F_OK), 0);
  snprintf(page, sizeof page, "%s.html.part", database);
  ck_assert_int_ne(access(page, F_OK), 0);
  options.run = 99;
  ck_assert(!vx_report_write(store, &options, page, &made, &error));
  ck_assert_ptr_nonnull(strstr(error.why, "99"));
  vx_store_close(store);
  remove_path(database);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report_parts");
  TCase *data = tcase_create("data");
  tcase_add_test(data, names_cannot_leave_the_data);
  tcase_add_test(data, bytes_that_are_no_text_are_marked);
  tcase_add_test(data, base64_is_that_of_rfc_4648);
  tcase_add_test(data, numbers_are_short_and_what_is_none_is_null);
  suite_add_tcase(suite, data);
  TCase *frame = tcase_create("frame");
  tcase_add_test(frame, a_squashed_picture_is_shown_whole_in_its_proportions);
  tcase_add_test(frame, a_cropped_picture_is_shown_as_the_model_saw_it);
  tcase_add_test(frame, an_input_that_says_nothing_is_an_error);
  suite_add_tcase(suite, frame);
  TCase *files = tcase_create("files");
  tcase_add_test(files, thousands_of_images_stay_within_the_size_asked_for);
  tcase_add_test(files, a_page_that_cannot_be_written_leaves_nothing);
  suite_add_tcase(suite, files);
  return run_whole(suite);
}
