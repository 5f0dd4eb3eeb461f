/* Colours, overlays and encoders against formulas of their own. */
#include <math.h>

#include "harness/data/picture.h"
#include "harness/draw/colour.h"
#include "harness/draw/overlay.h"
#include "harness/draw/png.h"
#include "tests/support/files.h"

/* ---- colours ------------------------------------------------------------------------------------------------- */

static double linear(double byte) {
  double v = byte / 255;
  return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double root(double t) {
  return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIELAB (D65) of a colour, by the definitions of IEC 61966-2-1 and CIE 15. */
static void lab_of(const double rgb[3], double lab[3]) {
  double r = linear(rgb[0]), g = linear(rgb[1]), b = linear(rgb[2]);
  double x = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  double y = root(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
  double z = root((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
  lab[0] = 116 * y - 16, lab[1] = 500 * (x - y), lab[2] = 200 * (y - z);
}

static void lab_at(const vx_colours *colours, double value, double lab[3]) {
  double rgb[3];
  vx_colour_of(colours, value, rgb);
  lab_of(rgb, lab);
}

START_TEST(maps_grow_brighter_evenly) {
  const vx_colours *colours;
  for (int i = 0; (colours = vx_colours_at(i)); i++) {
    ck_assert_ptr_eq(vx_colours_find(colours->id), colours);
    if (colours->signed_values || strcmp(colours->id, "grey") == 0) continue;
    double before[3], first[3], last[3], now[3], least = INFINITY, most = 0;
    lab_at(colours, 0, first);
    lab_at(colours, 1, last);
    memcpy(before, first, sizeof before);
    for (int k = 1; k <= 32; k++) {
      lab_at(colours, k / 32.0, now);
      ck_assert_msg(now[0] > before[0], "%s gets darker at %d/32", colours->id, k);
      double step = hypot(hypot(now[0] - before[0], now[1] - before[1]), now[2] - before[2]);
      least = fmin(least, step);
      most = fmax(most, step);
      ck_assert_msg(fabs(now[0] - before[0] - (last[0] - first[0]) / 32) < 2, "%s: lightness jumps at %d/32",
                    colours->id, k);
      memcpy(before, now, sizeof before);
    }
    ck_assert_msg(last[0] - first[0] > 70, "%s has little contrast in grey", colours->id);
    ck_assert_msg(most < 3.5 * least, "%s: steps from %g to %g", colours->id, least, most);
  }
  ck_assert_ptr_null(vx_colours_find("jet"));
}
END_TEST

START_TEST(balance_is_what_its_formula_says) {
  const vx_colours *balance = vx_colours_find("balance");
  ck_assert(balance && balance->signed_values);
  for (int i = 0; i < 256; i++) {
    double t = (i - 127.5) / 127.5, s = fabs(t), lab[3];
    double rgb[3] = {balance->rgb[i] >> 16, balance->rgb[i] >> 8 & 255, balance->rgb[i] & 255};
    lab_of(rgb, lab);
    ck_assert_double_lt(fabs(lab[0] - (96 - 54 * s)), 0.5);
    ck_assert_double_lt(fabs(lab[1] - s * (t < 0 ? 10 : 42)), 1.5);
    ck_assert_double_lt(fabs(lab[2] - s * (t < 0 ? -52 : 52)), 1.5);
  }
}
END_TEST

/* Brettel-like simulation by Vienot, Brettel & Mollon 1999, on linear RGB: what a reader without red (protanope) or
   without green cones (deuteranope) sees. Both sides of `balance` and both ends of each map stay apart for them. */
static void simulate(const double rgb[3], bool red, double out[3]) {
  double r = linear(rgb[0]), g = linear(rgb[1]), b = linear(rgb[2]);
  double mixed = red ? 0.11238 * r + 0.88762 * g : 0.29275 * r + 0.70725 * g;
  double blue = red ? 0.00401 * r - 0.00401 * g + b : -0.02234 * r + 0.02234 * g + b;
  double lin[3] = {mixed, mixed, blue};
  for (int c = 0; c < 3; c++) {
    double u = fmin(fmax(lin[c], 0), 1);
    out[c] = 255 * (u <= 0.0031308 ? 12.92 * u : 1.055 * pow(u, 1 / 2.4) - 0.055);
  }
}

static double seen_apart(const vx_colours *colours, double a, double b, bool red) {
  double one[3], two[3], p[3], q[3], lab_p[3], lab_q[3];
  vx_colour_of(colours, a, one);
  vx_colour_of(colours, b, two);
  simulate(one, red, p);
  simulate(two, red, q);
  lab_of(p, lab_p);
  lab_of(q, lab_q);
  return hypot(hypot(lab_p[0] - lab_q[0], lab_p[1] - lab_q[1]), lab_p[2] - lab_q[2]);
}

START_TEST(colour_blind_readers_tell_values_apart) {
  const vx_colours *colours;
  for (int i = 0; (colours = vx_colours_at(i)); i++)
    for (int a = 0; a < 8; a++)
      for (int b = a + 1; b <= 8; b++)
        for (int red = 0; red < 2; red++)
          ck_assert_msg(seen_apart(colours, a / 8.0, b / 8.0, red) > 6, "%s: %d/8 and %d/8 look alike", colours->id, a,
                        b);
}
END_TEST

START_TEST(values_between_colours_and_outside) {
  const vx_colours *grey = vx_colours_find("grey");
  double rgb[3];
  vx_colour_of(grey, 0.3, rgb);
  ck_assert_double_eq_tol(rgb[0], 76.5, 1e-9);
  vx_colour_of(grey, NAN, rgb);
  ck_assert_double_eq(rgb[1], 0);
  vx_colour_of(grey, 7, rgb);
  ck_assert_double_eq(rgb[2], 255);
  vx_colour_of(grey, -1, rgb);
  ck_assert_double_eq(rgb[2], 0);
}
END_TEST

/* ---- overlays ------------------------------------------------------------------------------------------------ */

START_TEST(blends_are_rounded_once) {
  const uint8_t rgb[] = {200, 100, 7, 0, 255, 31};
  const double h[] = {0.25, 1};
  const vx_colours *grey = vx_colours_find("grey");
  uint8_t out[6];
  vx_overlay_blend(rgb, h, 2, grey, 0.6, out);
  for (int i = 0; i < 6; i++) {
    double exact = 0.4 * rgb[i] + 0.6 * 255 * h[i / 3];
    ck_assert_int_eq(out[i], (int)floor(exact + 0.5));
  }
  vx_overlay_blend(rgb, h, 2, grey, 0, out);
  ck_assert_mem_eq(out, rgb, 6);
  vx_overlay_blend(NULL, h, 2, grey, 1, out);
  ck_assert_int_eq(out[0], 64);
  ck_assert_int_eq(out[5], 255);
  vx_overlay_product(rgb, h, 2, out);
  const uint8_t product[] = {50, 25, 2, 0, 255, 31};
  ck_assert_mem_eq(out, product, 6);
  const uint8_t mask[] = {1, 0}, masked[] = {200, 100, 7, 0, 0, 0};
  vx_overlay_masked(rgb, mask, 2, out);
  ck_assert_mem_eq(out, masked, 6);
}
END_TEST

/* A pixel belongs to the line when it is in the mask and some pixel within `t` steps is not; to the seam when it is
   not and some pixel within half of that is. Here by distances to all pixels of a larger plane. */
static int expected_kind(const uint8_t *mask, int w, int h, int x, int y, int t) {
  bool inside = mask[y * w + x];
  int reach = inside ? t : (t + 1) / 2;
  for (int v = -8; v < h + 8; v++)
    for (int u = -8; u < w + 8; u++) {
      bool here = u >= 0 && v >= 0 && u < w && v < h && mask[v * w + u];
      int dx = abs(u - x), dy = abs(v - y);
      if (here != inside && (dx > dy ? dx : dy) <= reach) return inside ? 1 : 2;
    }
  return 0;
}

START_TEST(outlines_follow_the_mask) {
  enum { W = 19, H = 13 };
  uint64_t state = 7;
  for (int round = 0; round < 40; round++) {
    uint8_t mask[W * H], rgb[W * H * 3];
    int t = 1 + round % 3;
    for (int i = 0; i < W * H; i++) mask[i] = draw(&state) % 16 < (uint32_t)(round % 17);
    memset(rgb, 99, sizeof rgb);
    vx_overlay_outline(rgb, mask, W, H, t, 0xff8800);
    for (int i = 0; i < W * H; i++) {
      static const uint8_t colours[3][3] = {{99, 99, 99}, {255, 136, 0}, {20, 20, 20}};
      ck_assert_mem_eq(rgb + (size_t)i * 3, colours[expected_kind(mask, W, H, i % W, i / W, t)], 3);
    }
  }
  ck_assert_int_eq(vx_overlay_thickness(224, 500), 1);
  ck_assert_int_eq(vx_overlay_thickness(448, 448), 3);
}
END_TEST

START_TEST(labels_have_vocs_colours) {
  static const struct {
    int label;
    uint32_t colour;
  } known[] = {{0, 0}, {1, 0x800000}, {2, 0x008000}, {3, 0x808000}, {15, 0xc08080}, {20, 0x004080}, {255, 0xffffff}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    ck_assert_uint_eq(vx_overlay_label_colour(known[i].label), known[i].colour);
  const uint8_t rgb[] = {10, 20, 30, 10, 20, 30}, label[] = {0, 1};
  uint8_t out[6];
  vx_overlay_labels(rgb, label, 2, 0.5, out);
  const uint8_t wanted[] = {10, 20, 30, 69, 10, 15};
  ck_assert_mem_eq(out, wanted, 6);
}
END_TEST

/* ---- files --------------------------------------------------------------------------------------------------- */

START_TEST(pictures_come_back) {
  enum { W = 31, H = 17 };
  uint8_t rgb[W * H * 3];
  uint64_t state = 3;
  for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)draw(&state);
  vx_image image = {W, H, 3, rgb};
  vx_bytes bytes, again;
  vx_picture picture;
  vx_error error;
  ck_assert(vx_png_encode(&image, &bytes, &error) && vx_png_encode(&image, &again, &error));
  ck_assert_uint_eq(bytes.size, again.size);
  ck_assert_mem_eq(bytes.data, again.data, bytes.size);
  ck_assert(vx_picture_decode(bytes.data, bytes.size, "png", &picture, &error));
  ck_assert(picture.width == W && picture.height == H);
  ck_assert_mem_eq(picture.rgb, rgb, sizeof rgb);
  vx_picture_free(&picture);
  free(bytes.data);
  free(again.data);
  for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(i / 3 % W * 4 + 20 * (i % 3));
  ck_assert(vx_jpeg_encode(&image, 90, &bytes, &error));
  ck_assert(vx_picture_decode(bytes.data, bytes.size, "jpeg", &picture, &error));
  for (size_t i = 0; i < sizeof rgb; i++) ck_assert_int_lt(abs(picture.rgb[i] - rgb[i]), 16);
  vx_picture_free(&picture);
  free(bytes.data);
}
END_TEST

START_TEST(files_are_whole_or_not_there) {
  char folder[512];
  make_folder(folder);
  uint8_t grey[6] = {0, 1, 2, 3, 4, 5};
  vx_error error = {"", ""};
  vx_image image = {3, 2, 1, grey};
  char *path = path_in(folder, "a \"quoted\" <name> \xf0\x9f\x90\x99.png");
  ck_assert_msg(vx_png_write(path, &image, &error), "%s", error.why);
  vx_picture picture;
  ck_assert(vx_picture_read(path, &picture, &error));
  ck_assert_int_eq(picture.rgb[15], 5);
  vx_picture_free(&picture);
  char deep[700];
  snprintf(deep, sizeof deep, "%s/made/on the/way/", folder);
  ck_assert(vx_folder_make(deep, &error) && vx_folder_make(deep, &error) && access(deep, W_OK) == 0);
  ck_assert(!vx_folder_make("/dev/null/x", &error));
  check_error(&error, "/dev/null/x", "cannot be made");
  ck_assert(!vx_png_write("/nowhere/at/all.png", &image, &error));
  check_error(&error, "/nowhere/at/all.png", "No such file");
  ck_assert(!vx_png_write("/dev/full/x.png", &image, &error));
  image.channels = 2;
  ck_assert(!vx_png_write(path, &image, &error));
  check_error(&error, "picture", "2 channels");
  image.channels = 4;
  vx_bytes bytes;
  ck_assert(!vx_jpeg_encode(&image, 80, &bytes, &error) && !bytes.data);
  image = (vx_image){0, 2, 1, grey};
  ck_assert(!vx_png_encode(&image, &bytes, &error) && !bytes.data);
  free(path);
  remove_folder(folder);
}
END_TEST

int main(void) {
  TCase *tcase = tcase_create("overlay");
  tcase_add_test(tcase, maps_grow_brighter_evenly);
  tcase_add_test(tcase, balance_is_what_its_formula_says);
  tcase_add_test(tcase, colour_blind_readers_tell_values_apart);
  tcase_add_test(tcase, values_between_colours_and_outside);
  tcase_add_test(tcase, blends_are_rounded_once);
  tcase_add_test(tcase, outlines_follow_the_mask);
  tcase_add_test(tcase, labels_have_vocs_colours);
  tcase_add_test(tcase, pictures_come_back);
  tcase_add_test(tcase, files_are_whole_or_not_there);
  return run_suite("overlay", tcase);
}
