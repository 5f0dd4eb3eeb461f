#include "harness/data/jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "harness/data/exif.h"

/* Everything that must survive libjpeg's longjmp lies here, not in local variables. */
typedef struct decoder {
  struct jpeg_error_mgr manager; /* first: libjpeg hands back a pointer to it */
  struct jpeg_decompress_struct info;
  jmp_buf out;
  const char *name;
  vx_error *error;
  vx_picture picture;
  uint8_t *line; /* one row of CMYK */
} decoder;

static void fail_and_jump(j_common_ptr info) {
  decoder *d = (decoder *)(void *)info->err;
  char text[JMSG_LENGTH_MAX];
  d->manager.format_message(info, text);
  vx_fail(d->error, d->name, "JPEG: %s", text);
  longjmp(d->out, 1);
}

/* Warnings that leave every pixel as its encoder meant it. */
static bool harmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
         code == JWRN_TOO_MUCH_DATA;
}

/* libjpeg calls this for warnings (level -1) and traces. After a truncated file it warns and goes on with grey. */
static void judge_message(j_common_ptr info, int level) {
  if (level >= 0 || harmless(info->err->msg_code)) return;
  fail_and_jump(info);
}

static void be_silent(j_common_ptr info) {
  (void)info;
}

/* Pillow's product of two bytes over 255, rounded. */
static int multiply_255(int a, int b) {
  int t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

/* Row of inverted CMYK (`in`, 4 bytes a pixel) to RGB, as Pillow's cmyk2rgb after its "CMYK;I" unpacker. */
static void cmyk_to_rgb(const uint8_t *in, uint8_t *out, int width) {
  for (int x = 0; x < width; x++, in += 4, out += 3) {
    int white = in[3]; /* 255 - K */
    for (int c = 0; c < 3; c++) out[c] = (uint8_t)(white - multiply_255(255 - in[c], white));
  }
}

/* Of the first EXIF block. */
static int orientation_of(const struct jpeg_decompress_struct *info) {
  for (jpeg_saved_marker_ptr m = info->marker_list; m; m = m->next)
    if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && !memcmp(m->data, "Exif\0\0", 6))
      return vx_exif_orientation(m->data + 6, m->data_length - 6);
  return 1;
}

static bool prepare(decoder *d) {
  struct jpeg_decompress_struct *info = &d->info;
  jpeg_save_markers(info, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(info, TRUE);
  d->picture.orientation = orientation_of(info);
  if (!vx_picture_check(info->image_width, info->image_height, d->name, d->error)) return false;
  bool cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  info->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(info);
  d->picture.width = (int)info->output_width;
  d->picture.height = (int)info->output_height;
  size_t pixels = (size_t)info->output_width * info->output_height;
  d->picture.rgb = malloc(pixels * 3);
  if (cmyk) d->line = malloc((size_t)info->output_width * 4);
  if (!d->picture.rgb || (cmyk && !d->line)) return vx_fail(d->error, d->name, "no memory for %zu pixels", pixels);
  return true;
}

static void read_rows(decoder *d) {
  struct jpeg_decompress_struct *info = &d->info;
  while (info->output_scanline < info->output_height) {
    uint8_t *out = d->picture.rgb + (size_t)info->output_scanline * info->output_width * 3;
    JSAMPROW row = d->line ? d->line : out;
    jpeg_read_scanlines(info, &row, 1);
    if (d->line) cmyk_to_rgb(d->line, out, d->picture.width);
  }
  jpeg_finish_decompress(info); /* reads up to the end marker, and so notices that it is missing */
}

static bool decode(decoder *d, const uint8_t *data, size_t size) {
  if (setjmp(d->out)) return false;
  jpeg_create_decompress(&d->info);
  jpeg_mem_src(&d->info, data, (unsigned long)size);
  if (!prepare(d)) return false;
  read_rows(d);
  return true;
}

bool vx_jpeg_decode(const uint8_t *data, size_t size, const char *name, vx_picture *picture, vx_error *error) {
  decoder d = {.name = name, .error = error};
  *picture = (vx_picture){0};
  d.info.err = jpeg_std_error(&d.manager);
  d.manager.error_exit = fail_and_jump;
  d.manager.emit_message = judge_message;
  d.manager.output_message = be_silent;
  bool ok = decode(&d, data, size);
  jpeg_destroy_decompress(&d.info);
  free(d.line);
  if (ok) {
    *picture = d.picture;
  } else {
    vx_picture_free(&d.picture);
  }
  return ok;
}
