#include <stdlib.h>

#include "core/safetensors.h"
#include "harness/cli/cli.h"
#include "harness/data/input.h"
#include "harness/data/picture.h"

const char vx_help_preprocess[] =
    "NAME\n"
    "  vitx preprocess - resize one picture as a run would, and write the pixels\n\n"
    "SYNOPSIS\n"
    "  vitx preprocess IMAGE --out P.safetensors [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Decodes a JPEG or PNG and writes tensor `pixels` [S, S, 3]: U8, byte for byte what Pillow's resize gives;\n"
    "  with --arithmetic float F32 in [0,1], what PyTorch's antialiased tensor resize gives. For whoever wants to\n"
    "  check this program against another framework.\n\n"
    "OPTIONS\n"
    "  --size S                    side of the model's input [224]\n"
    "  --resize squash|crop        both sides straight to S; or the shorter side first, then the centre [squash]\n"
    "  --crop-pct X                with crop: the shorter side goes to floor(S / X) [0.875]\n"
    "  --filter bilinear|bicubic   [bilinear]\n"
    "  --arithmetic pillow|float   [pillow]\n"
    "  --out FILE                  where to write\n\n"
    "EXAMPLES\n"
    "  vitx preprocess photo.jpg --size 224 --resize crop --filter bicubic --out pixels.safetensors\n\n"
    "EXIT STATUS\n"
    "  0 written, 1 picture or file failed (one line says where and why), 2 bad use\n";

/* x [3][S][S] to [S][S][3] */
static void interleave(const float *x, size_t side, float *out) {
  size_t pixels = side * side;
  for (size_t i = 0; i < pixels; i++)
    for (size_t c = 0; c < 3; c++) out[3 * i + c] = x[c * pixels + i];
}

static bool write_pixels(const char *path, vx_dtype dtype, size_t side, const void *data, vx_error *error) {
  vx_tensor tensor = {.name = "pixels", .dtype = dtype, .rank = 3, .shape = {side, side, 3}, .data = data};
  return vx_tensors_write(path, &tensor, 1, error);
}

static bool make(const vx_picture *picture, const vx_input_options *input, const char *out, vx_error *error) {
  size_t side = (size_t)input->size, values = 3 * side * side;
  if (input->arithmetic == VX_ARITHMETIC_PILLOW) {
    uint8_t *rgb = malloc(values);
    bool good = rgb ? vx_input_make(picture, input, NULL, rgb, error) : vx_fail(error, "pixels", "out of memory");
    good = good && write_pixels(out, VX_U8, side, rgb, error);
    free(rgb);
    return good;
  }
  float *x = malloc(2 * values * sizeof *x);
  bool good = x ? vx_input_make(picture, input, x, NULL, error) : vx_fail(error, "pixels", "out of memory");
  if (good) {
    interleave(x, side, x + values);
    good = write_pixels(out, VX_F32, side, x + values, error);
  }
  free(x);
  return good;
}

int vx_cmd_preprocess(int argc, char **argv, vx_error *error) {
  int size = 224, operands, resize = 0, filter = 0, arithmetic = 0;
  double crop_pct = 0.875;
  const char *resize_word = "squash", *filter_word = "bilinear", *arithmetic_word = "pillow", *out = NULL;
  const vx_option options[] = {{"size", VX_OPTION_INT, &size},
                               {"resize", VX_OPTION_TEXT, &resize_word},
                               {"crop-pct", VX_OPTION_REAL, &crop_pct},
                               {"filter", VX_OPTION_TEXT, &filter_word},
                               {"arithmetic", VX_OPTION_TEXT, &arithmetic_word},
                               {"out", VX_OPTION_TEXT, &out}};
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1 || !out) return vx_bad_use(error, argv[0], "wants one IMAGE and --out FILE");
  if (size < 1 || size > 8192) return vx_bad_use(error, argv[0], "--size is %d, expected 1 to 8192", size);
  if (!vx_choice(argv[0], "resize", resize_word, "squash|crop", &resize, error) ||
      !vx_choice(argv[0], "filter", filter_word, "bilinear|bicubic", &filter, error) ||
      !vx_choice(argv[0], "arithmetic", arithmetic_word, "pillow|float", &arithmetic, error))
    return 2;
  vx_input_options input = vx_input_default(size);
  input.resize = resize ? VX_RESIZE_CROP : VX_RESIZE_SQUASH;
  input.filter = filter ? VX_FILTER_BICUBIC : VX_FILTER_BILINEAR;
  input.arithmetic = arithmetic ? VX_ARITHMETIC_FLOAT : VX_ARITHMETIC_PILLOW;
  input.normalize = false;
  input.shorter_side = vx_input_shorter_side(size, crop_pct);
  vx_picture picture = {0};
  bool good = vx_input_check(&input, "preprocess", error) && vx_picture_read(argv[argc - 1], &picture, error) &&
              make(&picture, &input, out, error);
  vx_picture_free(&picture);
  return good ? 0 : 1;
}
