#include "tools/scenes/jpeg.h"

#include <stdio.h>

#include <jpeglib.h>

void jpeg_encode(const uint8_t *rgb, int width, int height, int quality, uint8_t **out, unsigned long *size) {
  struct jpeg_compress_struct j;
  struct jpeg_error_mgr errors;
  j.err = jpeg_std_error(&errors);
  jpeg_create_compress(&j);
  *out = NULL;
  *size = 0;
  jpeg_mem_dest(&j, out, size);
  j.image_width = (JDIMENSION)width;
  j.image_height = (JDIMENSION)height;
  j.input_components = 3;
  j.in_color_space = JCS_RGB;
  jpeg_set_defaults(&j);
  jpeg_set_quality(&j, quality, TRUE);
  jpeg_start_compress(&j, TRUE);
  while (j.next_scanline < j.image_height) {
    /* libjpeg takes a pointer to what it only reads */
    JSAMPROW row = (JSAMPROW)(uintptr_t)(rgb + (size_t)j.next_scanline * (size_t)width * 3);
    jpeg_write_scanlines(&j, &row, 1);
  }
  jpeg_finish_compress(&j);
  jpeg_destroy_compress(&j);
}

void jpeg_decode(const uint8_t *bytes, unsigned long size, uint8_t *rgb) {
  struct jpeg_decompress_struct j;
  struct jpeg_error_mgr errors;
  j.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&j);
  jpeg_mem_src(&j, bytes, size);
  jpeg_read_header(&j, TRUE);
  jpeg_start_decompress(&j);
  while (j.output_scanline < j.output_height) {
    JSAMPROW row = rgb + (size_t)j.output_scanline * j.output_width * 3;
    jpeg_read_scanlines(&j, &row, 1);
  }
  jpeg_finish_decompress(&j);
  jpeg_destroy_decompress(&j);
}
