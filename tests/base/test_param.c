/* Parameters of one table with every type. */
#include <stdlib.h>
#include <string.h>

#include "base/param.h"
#include "tests/support/suite.h"

enum { COUNT, SHARE, ON, WORD, LAYER, FILE_NAME };
static const vx_param table[] = {
    [COUNT] = {.name = "count", .type = VX_PARAM_INT, .standard = 3, .low = 1, .high = 9},
    [SHARE] = {.name = "share", .type = VX_PARAM_REAL, .standard = 0.1, .high = 1e6},
    [ON] = {.name = "on", .type = VX_PARAM_BOOL, .standard = 1},
    [WORD] = {.name = "word", .type = VX_PARAM_CHOICE, .standard = 2, .choices = "a|ab|b"},
    [LAYER] = {.name = "layer", .type = VX_PARAM_LAYER, .standard = -1, .low = -1000, .high = 1000},
    [FILE_NAME] = {.name = "file", .type = VX_PARAM_TEXT, .standard_text = "maps.safetensors"},
};
static const vx_params params = VX_PARAMS(table);

static void prints(const vx_args *args, const char *wanted) {
  vx_text text = {0};
  vx_args_print(&params, args, &text);
  ck_assert_str_eq(text.text, wanted);
  free(text.text);
}

static void set(vx_args *args, const char *name, const char *text) {
  vx_error error;
  ck_assert_msg(vx_args_set(&params, "thing", args, name, text, &error), "%s: %s", error.where, error.why);
}

START_TEST(values_are_read_and_written) {
  vx_args args;
  vx_args_default(&params, &args);
  prints(&args, "count=3 share=0.1 on=true word=b layer=-1 file=\"maps.safetensors\"");
  set(&args, "count", "9");
  set(&args, "share", "0.30000000000000004");
  set(&args, "on", "False");
  set(&args, "word", "ab");
  set(&args, "layer", "2");
  set(&args, "file", "a b=\"c\"\\");
  prints(&args, "count=9 share=0.30000000000000004 on=false word=ab layer=2 file=\"a b=\\\"c\\\"\\\\\"");
  ck_assert(args.value[WORD] == 1 && args.value[ON] == 0);
  ck_assert_str_eq(args.text[FILE_NAME], "a b=\"c\"\\");
}
END_TEST

START_TEST(texts_tell_arguments_apart) {
  vx_args a, b;
  char same[] = "maps.safetensors";
  vx_args_default(&params, &a);
  vx_args_default(&params, &b);
  set(&b, "file", same);
  ck_assert(vx_args_equal(&params, &a, &b));
  set(&b, "file", "");
  ck_assert(!vx_args_equal(&params, &a, &b));
  set(&b, "file", "maps.safetensors");
  set(&b, "count", "4");
  ck_assert(!vx_args_equal(&params, &a, &b));
}
END_TEST

static void refuses(const char *name, const char *text, const char *where, const char *says) {
  vx_args args, before;
  vx_error error;
  vx_args_default(&params, &args);
  before = args;
  ck_assert(!vx_args_set(&params, "thing", &args, name, text, &error));
  ck_assert_str_eq(error.where, where);
  ck_assert_msg(strstr(error.why, says) != NULL, "%s", error.why);
  ck_assert(vx_args_equal(&params, &args, &before));
}

START_TEST(wrong_texts_are_told) {
  refuses("count", "0", "thing.count", "from 1 to 9");
  refuses("count", "2.5", "thing.count", "whole number");
  refuses("share", "inf", "thing.share", "number from 0");
  refuses("share", "0.5 ", "thing.share", "'0.5 '");
  refuses("on", "1", "thing.on", "true or false");
  refuses("word", "abb", "thing.word", "a|ab|b");
  refuses("word", "", "thing.word", "a|ab|b");
  refuses("file", "two\nlines", "thing.file", "control character");
  refuses("cuont", "1", "thing.cuont", "did you mean 'count'");
  refuses("nothing-like-it", "1", "thing.nothing-like-it", "no such parameter");
}
END_TEST

START_TEST(layers_count_from_either_end) {
  static const struct {
    const char *text;
    int layer; /* of 4; -1: refused */
  } cases[] = {{"0", 0}, {"3", 3}, {"4", -1}, {"-1", 3}, {"-4", 0}, {"-5", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vx_args args;
    vx_args_default(&params, &args);
    set(&args, "layer", cases[i].text);
    ck_assert_int_eq(vx_args_check(&params, "thing", &args, 4, NULL), cases[i].layer >= 0);
    if (cases[i].layer >= 0) ck_assert_int_eq(vx_param_layer(args.value[LAYER], 4), cases[i].layer);
  }
  ck_assert(vx_param_layer(9, 4) == 3 && vx_param_layer(-9, 4) == 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("param");
  tcase_add_test(tests, values_are_read_and_written);
  tcase_add_test(tests, texts_tell_arguments_apart);
  tcase_add_test(tests, wrong_texts_are_told);
  tcase_add_test(tests, layers_count_from_either_end);
  return run_suite("param", tests);
}
