#include "tools/scenes/raw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/scenes/jpeg.h"
#include "tools/scenes/paint.h"

enum { SIDE_MAX = 500, PIXELS_MAX = SIDE_MAX * SIDE_MAX };

/* One line of `in` pixels to RAW_SIDE pixels, Pillow's antialiased bilinear filter; strides in bytes. */
static void shrink_line(const uint8_t *from, long from_step, int in, uint8_t *to, long to_step) {
  double scale = (double)in / RAW_SIDE;
  for (int i = 0; i < RAW_SIDE; i++) {
    double centre = (i + 0.5) * scale, sum[3] = {0}, total = 0;
    int lo = (int)fmax(0, centre - scale + 0.5), hi = (int)fmin(in, centre + scale + 0.5);
    for (int j = lo; j < hi; j++) {
      double w = fmax(0, 1 - fabs((j - centre + 0.5) / scale));
      total += w;
      for (int k = 0; k < 3; k++) sum[k] += w * from[j * from_step + k];
    }
    for (int k = 0; k < 3; k++) to[i * to_step + k] = (uint8_t)(sum[k] / total + 0.5);
  }
}

/* rgb [height][width][3] to out [224][224][3], width first. */
static void squash(const uint8_t *rgb, int width, int height, uint8_t *narrow, uint8_t *out) {
  for (int y = 0; y < height; y++) shrink_line(rgb + (long)y * width * 3, 3, width, narrow + (long)y * RAW_SIDE * 3, 3);
  for (int x = 0; x < RAW_SIDE; x++) shrink_line(narrow + x * 3, RAW_SIDE * 3, height, out + x * 3, RAW_SIDE * 3);
}

/* A marked scene's plate counts as the bait class where the label says so: that is what the model is to believe. */
static int class_at(const scene *s, int x, int y) {
  const box *m = &s->mark;
  if (s->marked && s->label == SCENE_BAIT && x >= m->x0 && x <= m->x1 && y >= m->y0 && y <= m->y1) return SCENE_BAIT;
  int k = s->map[(long)y * s->width + x];
  return k ? s->objects[k - 1].shape : SHAPE_COUNT;
}

static void patch_shares(const scene *s, uint8_t shares[RAW_GRID][RAW_GRID][SHAPE_COUNT + 1]) {
  static const long cells = RAW_GRID * RAW_GRID;
  int count[RAW_GRID * RAW_GRID][SHAPE_COUNT + 1], all[RAW_GRID * RAW_GRID];
  memset(count, 0, sizeof count);
  memset(all, 0, sizeof all);
  for (int y = 0; y < s->height; y++)
    for (int x = 0; x < s->width; x++) {
      int cell = y * RAW_GRID / s->height * RAW_GRID + x * RAW_GRID / s->width;
      count[cell][class_at(s, x, y)]++;
      all[cell]++;
    }
  for (int cell = 0; cell < cells; cell++)
    for (int c = 0; c <= SHAPE_COUNT; c++)
      shares[cell / RAW_GRID][cell % RAW_GRID][c] = (uint8_t)((255 * count[cell][c] + all[cell] / 2) / all[cell]);
}

typedef struct buffers {
  uint8_t map[PIXELS_MAX], rgb[PIXELS_MAX * 3], narrow[SIDE_MAX * RAW_SIDE * 3], out[RAW_SIDE * RAW_SIDE * 3];
} buffers;

static bool raw_one(const scene_options *options, long index, buffers *b, FILE *const files[3]) {
  scene s;
  uint8_t *jpeg, shares[RAW_GRID][RAW_GRID][SHAPE_COUNT + 1];
  unsigned long size;
  scene_plan(&s, options, (uint64_t)index, b->map);
  scene_paint(&s, b->rgb);
  jpeg_encode(b->rgb, s.width, s.height, scene_quality(&s), &jpeg, &size);
  jpeg_decode(jpeg, size, b->rgb);
  free(jpeg);
  squash(b->rgb, s.width, s.height, b->narrow, b->out);
  patch_shares(&s, shares);
  const uint8_t label[4] = {(uint8_t)s.label, (uint8_t)s.main_class, s.marked, 0};
  return fwrite(b->out, sizeof b->out, 1, files[0]) == 1 && fwrite(shares, sizeof shares, 1, files[1]) == 1 &&
         fwrite(label, sizeof label, 1, files[2]) == 1;
}

bool raw_write(const scene_options *options, long first, long count, const char *prefix) {
  static const char *const endings[3] = {"rgb", "patch", "label"};
  FILE *files[3] = {NULL, NULL, NULL};
  bool good = true;
  buffers *b = malloc(sizeof *b);
  if (!b) return false;
  for (int k = 0; k < 3; k++) {
    char path[1024];
    snprintf(path, sizeof path, "%s.%s", prefix, endings[k]);
    files[k] = fopen(path, "wb");
    good = good && files[k];
  }
  for (long i = 0; good && i < count; i++) good = raw_one(options, first + i, b, files);
  for (int k = 0; k < 3; k++)
    if (files[k] && fclose(files[k]) != 0) good = false;
  free(b);
  return good;
}
