/* Resizing against plain formulas: antialiased weights in double, nearest-neighbour indices, windows of the whole. */
#include <math.h>

#include "harness/data/resize.h"
#include "tests/support/files.h"

static uint8_t *random_picture(uint64_t *state, int width, int height) {
  uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
  for (size_t i = 0; i < (size_t)width * (size_t)height * 3; i++) rgb[i] = (uint8_t)draw(state);
  return rgb;
}

static double shape(double x, bool cubic) {
  x = fabs(x);
  if (!cubic) return x < 1 ? 1 - x : 0;
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  return x < 2 ? -0.5 * (x * x * x - 5 * x * x + 8 * x - 4) : 0;
}

/* Weight of source place j in place i, from the definition: all j, no window. */
static double weight(int i, int j, int in, int out, bool cubic) {
  double scale = (double)in / out, fs = scale > 1 ? scale : 1, center = (i + 0.5) * scale, sum = 0, own = 0;
  for (int k = 0; k < in; k++) {
    double w = shape((k - center + 0.5) / fs, cubic);
    sum += w;
    if (k == j) own = w;
  }
  return own / sum;
}

/* One output value without any rounding in between. */
static double exact(const uint8_t *rgb, int w, int h, const vx_geometry *g, bool cubic, int y, int x, int c) {
  double sum = 0;
  for (int j = 0; j < h; j++) {
    double row = 0, wy = weight(g->top + y, j, h, g->scaled_height, cubic);
    if (wy == 0) continue;
    for (int i = 0; i < w; i++) row += weight(g->left + x, i, w, g->scaled_width, cubic) * rgb[(j * w + i) * 3 + c];
    sum += wy * row;
  }
  return sum;
}

static vx_geometry random_window(uint64_t *state) {
  vx_geometry g = {.scaled_width = draw_between(state, 1, 40), .scaled_height = draw_between(state, 1, 40)};
  g.left = draw_between(state, 0, g.scaled_width - 1);
  g.top = draw_between(state, 0, g.scaled_height - 1);
  g.width = draw_between(state, 1, g.scaled_width - g.left);
  g.height = draw_between(state, 1, g.scaled_height - g.top);
  return g;
}

/* Rounding to bytes twice costs at most one and a half levels (bilinear; bicubic also clips in between); single
   precision costs next to nothing. */
START_TEST(resizes_follow_the_formula) {
  uint64_t state = 11;
  for (int round = 0; round < 40; round++) {
    int w = draw_between(&state, 1, 30), h = draw_between(&state, 1, 30);
    uint8_t *rgb = random_picture(&state, w, h);
    vx_geometry g = random_window(&state);
    size_t pixels = (size_t)g.width * (size_t)g.height;
    uint8_t *bytes = malloc(pixels * 3);
    float *single = malloc(pixels * 3 * sizeof *single);
    ck_assert(vx_resize_rgb(rgb, w, h, &g, VX_FILTER_BILINEAR, bytes, NULL));
    ck_assert(vx_resize_float(rgb, w, h, &g, single, NULL));
    for (int y = 0; y < g.height; y++)
      for (int x = 0; x < g.width; x++)
        for (int c = 0; c < 3; c++) {
          size_t i = (size_t)(y * g.width + x);
          double want = exact(rgb, w, h, &g, false, y, x, c);
          ck_assert_double_le(fabs(bytes[3 * i + (size_t)c] - want), 1.01);
          ck_assert_double_le(fabs((double)single[(size_t)c * pixels + i] - want / 255), 1e-5);
        }
    free(bytes);
    free(single);
    free(rgb);
  }
}
END_TEST

START_TEST(bicubic_follows_the_formula) {
  uint64_t state = 12;
  for (int round = 0; round < 30; round++) {
    int w = draw_between(&state, 1, 30), h = draw_between(&state, 1, 30);
    uint8_t *rgb = random_picture(&state, w, h);
    for (int i = 0; i < w * h * 3; i++) rgb[i] = (uint8_t)(64 + rgb[i] / 4); /* overshoot stays within 0 to 255 */
    vx_geometry g = random_window(&state);
    uint8_t *bytes = malloc((size_t)g.width * (size_t)g.height * 3);
    ck_assert(vx_resize_rgb(rgb, w, h, &g, VX_FILTER_BICUBIC, bytes, NULL));
    for (int y = 0; y < g.height; y++)
      for (int x = 0; x < g.width; x++)
        for (int c = 0; c < 3; c++)
          ck_assert_double_le(fabs(bytes[(y * g.width + x) * 3 + c] - exact(rgb, w, h, &g, true, y, x, c)), 1.3);
    free(bytes);
    free(rgb);
  }
}
END_TEST

START_TEST(a_window_is_a_part_of_the_whole) {
  uint64_t state = 13;
  for (int round = 0; round < 60; round++) {
    int w = draw_between(&state, 1, 60), h = draw_between(&state, 1, 60);
    uint8_t *rgb = random_picture(&state, w, h);
    vx_geometry g = random_window(&state), all = vx_geometry_squash(g.scaled_width, g.scaled_height);
    vx_filter filter = round % 2 ? VX_FILTER_BICUBIC : VX_FILTER_BILINEAR;
    uint8_t *part = malloc((size_t)g.width * (size_t)g.height * 3);
    uint8_t *whole = malloc((size_t)all.width * (size_t)all.height * 3);
    ck_assert(vx_resize_rgb(rgb, w, h, &g, filter, part, NULL));
    ck_assert(vx_resize_rgb(rgb, w, h, &all, filter, whole, NULL));
    for (int y = 0; y < g.height; y++)
      ck_assert_mem_eq(part + y * g.width * 3, whole + ((g.top + y) * all.width + g.left) * 3, (size_t)g.width * 3);
    free(part);
    free(whole);
    free(rgb);
  }
}
END_TEST

START_TEST(an_unchanged_size_changes_nothing) {
  uint64_t state = 14;
  uint8_t *rgb = random_picture(&state, 37, 21), *out = malloc(37 * 21 * 3);
  vx_geometry same = vx_geometry_squash(37, 21);
  for (int cubic = 0; cubic < 2; cubic++) {
    memset(out, 0, 37 * 21 * 3);
    ck_assert(vx_resize_rgb(rgb, 37, 21, &same, cubic ? VX_FILTER_BICUBIC : VX_FILTER_BILINEAR, out, NULL));
    ck_assert_mem_eq(rgb, out, 37 * 21 * 3);
  }
  free(rgb);
  free(out);
}
END_TEST

/* All pairs of sides up to 130 and the sizes that occur: Pillow's steps, OpenCV's product, both inside the source and
   never falling. */
START_TEST(nearest_indices_follow_the_formulas) {
  int differ = 0, closed_form_differs = 0;
  for (int in = 1; in <= 640; in += in < 130 ? 1 : 17)
    for (int out = 1; out <= 640; out += out < 130 ? 1 : 13) {
      int pillow[640], opencv[640], wrong = 0;
      double step = (double)in / out, t = step / 2, inverse = 1.0 / ((double)out / in);
      vx_nearest_indices(in, out, 0, out, VX_MASK_PILLOW, pillow);
      vx_nearest_indices(in, out, 0, out, VX_MASK_OPENCV, opencv);
      for (int i = 0; i < out; i++, t += step) {
        int cv = (int)floor(i * inverse);
        wrong += pillow[i] != (int)t || opencv[i] != (cv < in - 1 ? cv : in - 1);
        wrong += pillow[i] >= in || opencv[i] >= in;
        wrong += i > 0 && (pillow[i] < pillow[i - 1] || opencv[i] < opencv[i - 1]);
        differ += pillow[i] != opencv[i];
        closed_form_differs += pillow[i] != (int)((i + 0.5) * step);
      }
      ck_assert_msg(wrong == 0, "%d to %d: %d wrong indices", in, out, wrong);
    }
  ck_assert_int_gt(differ, 0);
  ck_assert_int_gt(closed_form_differs, 0); /* so accumulating is not the same as the closed form */
}
END_TEST

/* From 500 to 224 both forms differ at every index (spec section 5). */
START_TEST(pillow_and_opencv_differ_at_500_to_224) {
  int pillow[224], opencv[224];
  vx_nearest_indices(500, 224, 0, 224, VX_MASK_PILLOW, pillow);
  vx_nearest_indices(500, 224, 0, 224, VX_MASK_OPENCV, opencv);
  for (int i = 0; i < 224; i++) ck_assert_int_ne(pillow[i], opencv[i]);
}
END_TEST

START_TEST(labels_follow_the_indices) {
  uint64_t state = 15;
  for (int round = 0; round < 60; round++) {
    int w = draw_between(&state, 1, 60), h = draw_between(&state, 1, 60), column[40], row[40];
    uint8_t *rgb = random_picture(&state, w, h), out[1600];
    vx_geometry g = random_window(&state);
    vx_mask_resize form = round % 2 ? VX_MASK_OPENCV : VX_MASK_PILLOW;
    ck_assert(vx_resize_labels(rgb, w, h, &g, form, out, NULL));
    vx_nearest_indices(w, g.scaled_width, 0, g.scaled_width, form, column);
    vx_nearest_indices(h, g.scaled_height, 0, g.scaled_height, form, row);
    for (int y = 0; y < g.height; y++)
      for (int x = 0; x < g.width; x++)
        ck_assert_int_eq(out[y * g.width + x], rgb[row[g.top + y] * w + column[g.left + x]]);
    free(rgb);
  }
}
END_TEST

/* What a window over the border shows is what the window inside shows, in a frame of `fill` (labels: void). */
START_TEST(a_window_over_the_border_is_filled) {
  uint64_t state = 11;
  for (int round = 0; round < 60; round++) {
    int w = draw_between(&state, 1, 40), h = draw_between(&state, 1, 40), left = draw_between(&state, 0, 5);
    uint8_t *rgb = random_picture(&state, w, h), inside[9 * 7 * 3], out[20 * 20 * 3], label[400];
    float single[9 * 7 * 3], framed[20 * 20 * 3];
    vx_geometry in = {.scaled_width = 9, .scaled_height = 7, .width = 9, .height = 7};
    vx_geometry over = {9, 7, -left, -6, 20, 20, {7, 8, 9}, false};
    vx_filter filter = (vx_filter)(round % VX_FILTERS);
    ck_assert(vx_resize_rgb(rgb, w, h, &in, filter, inside, NULL) &&
              vx_resize_rgb(rgb, w, h, &over, filter, out, NULL));
    ck_assert(vx_resize_float(rgb, w, h, &in, single, NULL) && vx_resize_float(rgb, w, h, &over, framed, NULL));
    ck_assert(vx_resize_labels(rgb, w, h, &over, VX_MASK_PILLOW, label, NULL));
    for (int y = 0; y < 20; y++)
      for (int x = 0; x < 20; x++)
        for (int c = 0; c < 3; c++) {
          bool on = x >= left && x < left + 9 && y >= 6 && y < 13;
          int at = ((y - 6) * 9 + x - left) * 3 + c;
          ck_assert_int_eq(out[(y * 20 + x) * 3 + c], on ? inside[at] : 7 + c);
          ck_assert(framed[c * 400 + y * 20 + x] == (on ? single[c * 63 + at / 3] : (float)(7 + c) / 255.0f));
          if (!on) ck_assert_int_eq(label[y * 20 + x], VX_LABEL_OUTSIDE);
        }
    free(rgb);
  }
}
END_TEST

/* Digests of what Pillow 13.0.0 and (two calls, the width first) Pillow before it make of one picture of noise. */
START_TEST(filters_agree_with_pillow) {
  FILE *f = fopen("tests/golden/preprocess/filters.txt", "r");
  char line[256], name[16], expected[17], text[17];
  int lines = 0;
  ck_assert_ptr_nonnull(f);
  while (fgets(line, sizeof line, f)) {
    int w, h, side, version, filter = 0;
    if (line[0] == '#') continue;
    ck_assert_int_eq(sscanf(line, "%d %d %d %15s %d %16s", &w, &h, &side, name, &version, expected), 6);
    uint8_t *rgb = malloc((size_t)(w * h * 3)), *out = malloc((size_t)(side * side * 3));
    for (int i = 0; i < w * h * 3; i++) rgb[i] = (uint8_t)((uint32_t)i * 2654435761u >> 13);
    while (strcmp(name, vx_filter_name((vx_filter)filter)) != 0) ck_assert_int_lt(++filter, VX_FILTERS);
    vx_geometry g = vx_geometry_squash(side, side);
    g.pillow13 = version == 13;
    ck_assert(vx_resize_rgb(rgb, w, h, &g, (vx_filter)filter, out, NULL));
    snprintf(text, sizeof text, "%016llx", (unsigned long long)fnv1a(out, (size_t)(side * side * 3)));
    ck_assert_msg(!strcmp(text, expected), "%s: is %s", line, text);
    free(rgb);
    free(out);
    lines++;
  }
  fclose(f);
  ck_assert_int_gt(lines, 20);
}
END_TEST

START_TEST(windows_outside_are_refused) {
  static const vx_geometry bad[] = {{10, 10, 10, 5, 6, 5, {0}, false}, {10, 10, 5, 11, 5, 6, {0}, false},
                                    {10, 10, -5, 0, 5, 5, {0}, false}, {10, 10, 0, 0, 0, 5, {0}, false},
                                    {10, 10, 0, -7, 5, 5, {0}, false}, {0, 10, 0, 0, 1, 1, {0}, false}};
  uint8_t in[300] = {0}, out[300];
  float single[300];
  vx_error error;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ck_assert(!vx_resize_rgb(in, 10, 10, &bad[i], VX_FILTER_BILINEAR, out, &error));
    check_error(&error, "resize", "not inside");
    ck_assert(!vx_resize_float(in, 10, 10, &bad[i], single, NULL));
    ck_assert(!vx_resize_labels(in, 10, 10, &bad[i], VX_MASK_PILLOW, out, NULL));
  }
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("resize");
  tcase_add_test(tcase, resizes_follow_the_formula);
  tcase_add_test(tcase, bicubic_follows_the_formula);
  tcase_add_test(tcase, a_window_is_a_part_of_the_whole);
  tcase_add_test(tcase, an_unchanged_size_changes_nothing);
  tcase_add_test(tcase, nearest_indices_follow_the_formulas);
  tcase_add_test(tcase, pillow_and_opencv_differ_at_500_to_224);
  tcase_add_test(tcase, labels_follow_the_indices);
  tcase_add_test(tcase, a_window_over_the_border_is_filled);
  tcase_add_test(tcase, filters_agree_with_pillow);
  tcase_add_test(tcase, windows_outside_are_refused);
  return run_suite("resize", tcase);
}
