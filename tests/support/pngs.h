/* Writes PNG files of any kind with libpng, for tests of what reads them. */
#ifndef VX_TEST_PNGS_H
#define VX_TEST_PNGS_H

#include <check.h>
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct png_kind {
  int color_type, depth;
  bool interlaced, transparent; /* transparent: a tRNS chunk for a palette */
} png_kind;

/* `samples` [height][width][channels], each below 2^depth; 16-bit ones are written as v * 257. */
static inline void write_png(const char *path, int width, int height, png_kind kind, const uint8_t *samples) {
  static const int channels_of[] = {[PNG_COLOR_TYPE_GRAY] = 1,
                                    [PNG_COLOR_TYPE_RGB] = 3,
                                    [PNG_COLOR_TYPE_PALETTE] = 1,
                                    [PNG_COLOR_TYPE_GRAY_ALPHA] = 2,
                                    [PNG_COLOR_TYPE_RGB_ALPHA] = 4};
  size_t channels = (size_t)channels_of[kind.color_type], row = (size_t)width * channels;
  size_t bytes = kind.depth == 16 ? 2 : 1;
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, f);
  png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, kind.depth, kind.color_type,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_color palette[256];
  png_byte alpha[2] = {0, 128};
  for (int i = 0; i < 256; i++) palette[i] = (png_color){(png_byte)(255 - i), (png_byte)(i * 7), (png_byte)(i ^ 0x55)};
  if (kind.color_type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 1 << kind.depth);
  if (kind.transparent) png_set_tRNS(png, info, alpha, 2, NULL);
  png_write_info(png, info);
  png_set_packing(png);
  uint8_t *all = malloc((size_t)height * row * bytes);
  for (size_t i = 0; i < (size_t)height * row * bytes; i++) all[i] = samples[i / bytes];
  png_bytepp rows = malloc((size_t)height * sizeof *rows);
  for (size_t y = 0; y < (size_t)height; y++) rows[y] = all + y * row * bytes;
  png_write_image(png, rows);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  free(rows);
  free(all);
  fclose(f);
}

#endif
