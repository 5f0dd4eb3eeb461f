/* What the golden scores are read with: a safetensors file of small tensors and an indexed PNG, and a truth made from
   its labels by plain loops (spec section 5), independent of harness/data. */
#ifndef VX_TEST_SCORE_FILES_H
#define VX_TEST_SCORE_FILES_H

#include <check.h>
#include <jansson.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct golden {
  uint8_t *bytes;
  json_t *header;
  size_t data; /* offset of the data in bytes */
} golden;

static inline golden golden_open(const char *path) {
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s cannot be opened", path);
  fseek(f, 0, SEEK_END);
  size_t size = (size_t)ftell(f);
  rewind(f);
  golden g = {.bytes = malloc(size)};
  ck_assert_uint_eq(fread(g.bytes, 1, size, f), size);
  fclose(f);
  uint64_t length;
  memcpy(&length, g.bytes, 8);
  g.data = 8 + (size_t)length;
  g.header = json_loadb((const char *)g.bytes + 8, (size_t)length, 0, NULL);
  ck_assert_ptr_nonnull(g.header);
  return g;
}

/* The tensor as doubles, its shape (at most 2 sides) in rows and columns; NULL where there is none. */
static inline double *golden_tensor(const golden *g, const char *name, int *rows, int *columns) {
  *rows = *columns = 0;
  json_t *entry = json_object_get(g->header, name);
  if (!entry) return NULL;
  json_t *shape = json_object_get(entry, "shape");
  const char *dtype = json_string_value(json_object_get(entry, "dtype"));
  int one = json_array_size(shape) == 1;
  *rows = one ? 1 : (int)json_integer_value(json_array_get(shape, 0));
  *columns = (int)json_integer_value(json_array_get(shape, one ? 0 : 1));
  size_t n = (size_t)*rows * (size_t)*columns;
  const uint8_t *at =
      g->bytes + g->data + (size_t)json_integer_value(json_array_get(json_object_get(entry, "data_offsets"), 0));
  double *values = malloc(n * sizeof *values);
  for (size_t i = 0; i < n; i++) {
    float single;
    int64_t whole;
    if (strcmp(dtype, "F64") == 0) {
      memcpy(&values[i], at + 8 * i, 8);
    } else if (strcmp(dtype, "F32") == 0) {
      memcpy(&single, at + 4 * i, 4);
      values[i] = (double)single;
    } else if (strcmp(dtype, "I64") == 0) {
      memcpy(&whole, at + 8 * i, 8);
      values[i] = (double)whole;
    } else {
      ck_assert_str_eq(dtype, "U8");
      values[i] = at[i];
    }
  }
  return values;
}

static inline void golden_close(golden *g) {
  json_decref(g->header);
  free(g->bytes);
}

/* labels [height][width] of an indexed 8-bit PNG */
static inline uint8_t *read_labels(const char *path, int *height, int *width) {
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s cannot be opened", path);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, f);
  png_read_png(png, info, PNG_TRANSFORM_PACKING, NULL);
  *height = (int)png_get_image_height(png, info);
  *width = (int)png_get_image_width(png, info);
  uint8_t *labels = malloc((size_t)*height * (size_t)*width);
  for (int y = 0; y < *height; y++)
    memcpy(labels + (size_t)y * (size_t)*width, png_get_rows(png, info)[y], (size_t)*width);
  png_destroy_read_struct(&png, &info, NULL);
  fclose(f);
  return labels;
}

/* Which input pixel output pixel i takes, by the name of the arithmetic. */
static inline int nearest(int i, int in, int out, const char *arithmetic) {
  if (in == out) return i;
  if (strcmp(arithmetic, "opencv") == 0) {
    int at = (int)(i * (1.0 / ((double)out / in)));
    return at < in - 1 ? at : in - 1;
  }
  double s = (double)in / out, t = s / 2;
  for (int k = 0; k < i; k++) t += s;
  return (int)t;
}

/* The class that covers most pixels, 0 where there is none. */
static inline int main_class(const uint8_t *labels, size_t n) {
  size_t count[256] = {0};
  int best = 0;
  for (size_t i = 0; i < n; i++) count[labels[i]]++;
  for (int c = 1; c < 255; c++)
    if (count[c] > (best ? count[best] : 0)) best = c;
  return best;
}

/* truth [out_h][out_w] of labels [h][w]: foreground any|main|class=N, void ignore|background|foreground */
static inline uint8_t *make_truth(const uint8_t *labels, int h, int w, int out_h, int out_w, const char *arithmetic,
                                  const char *foreground, const char *void_is) {
  int class = strcmp(foreground, "any") == 0    ? -1
              : strcmp(foreground, "main") == 0 ? main_class(labels, (size_t)h * (size_t)w)
                                                : atoi(foreground + strlen("class="));
  uint8_t void_truth = strcmp(void_is, "ignore") == 0 ? 2 : strcmp(void_is, "foreground") == 0 ? 1 : 0;
  uint8_t *truth = malloc((size_t)out_h * (size_t)out_w);
  int *column = malloc((size_t)out_w * sizeof *column);
  for (int x = 0; x < out_w; x++) column[x] = nearest(x, w, out_w, arithmetic);
  for (int y = 0; y < out_h; y++) {
    int row = nearest(y, h, out_h, arithmetic);
    for (int x = 0; x < out_w; x++) {
      uint8_t label = labels[row * w + column[x]];
      truth[y * out_w + x] = label == 255 ? void_truth : label == 0 || class == 0 ? 0 : class < 0 || class == label;
    }
  }
  free(column);
  return truth;
}

#endif
