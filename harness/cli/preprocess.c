#include <stdlib.h>

#include "core/safetensors.h"
#include "harness/cli/cli.h"
#include "harness/data/input.h"
#include "harness/data/picture.h"

const char vx_help_preprocess[] =
    "NAME\n"
    "  vitx preprocess - resize one picture as a run would, and write the pixels\n\n"
    "SYNOPSIS\n"
    "  vitx preprocess IMAGE --out P.safetensors [OPTIONS]\n"
    "  vitx preprocess IMAGE --model DIR --out P.safetensors [--arithmetic A]\n\n"
    "DESCRIPTION\n"
    "  Decodes a JPEG or PNG and writes tensor `pixels` [S, S, 3]: U8, byte for byte what Pillow's resize gives;\n"
    "  with --arithmetic float F32 in [0,1], what PyTorch's antialiased tensor resize gives. With --model the\n"
    "  checkpoint's own processor decides, and tensor `x` [3, S, S] F32 is what the model reads: transformers'\n"
    "  `pixel_values`, timm's transform. For whoever wants to check this program against another framework.\n\n"
    "OPTIONS\n"
    "  --model DIR                 read preprocessor_config.json or pretrained_cfg; the weights are not needed\n"
    "  --size S                    side of the model's input [224]\n"
    "  --resize squash|crop        both sides straight to S; or the shorter side first, then the centre [squash]\n"
    "  --crop-pct X                with crop: the shorter side goes to floor(S / X) [0.875]\n"
    "  --filter F                  bilinear, bicubic, nearest, lanczos, box or hamming [bilinear]\n"
    "  --arithmetic A              pillow (before 13), pillow13 (from 13 on) or float [pillow]\n"
    "  --out FILE                  where to write\n\n"
    "EXAMPLES\n"
    "  vitx preprocess photo.jpg --size 224 --resize crop --filter bicubic --out pixels.safetensors\n"
    "  vitx preprocess photo.jpg --model DIR --out x.safetensors\n\n"
    "EXIT STATUS\n"
    "  0 written, 1 picture or file failed (one line says where and why), 2 bad use\n";

/* x [3][S][S] to [S][S][3] */
static void interleave(const float *x, size_t side, float *out) {
  size_t pixels = side * side;
  for (size_t i = 0; i < pixels; i++)
    for (size_t c = 0; c < 3; c++) out[3 * i + c] = x[c * pixels + i];
}

static bool write_tensor(const char *path, vx_tensor tensor, vx_error *error) {
  tensor.rank = 3;
  return vx_tensors_write(path, &tensor, 1, error);
}

/* The resized pixels: bytes, or with float arithmetic numbers in [0,1]. With `model` what the model reads. */
static bool make(const vx_picture *picture, const vx_input_options *input, bool model, const char *out,
                 vx_error *error) {
  size_t side = (size_t)input->size, values = 3 * side * side;
  bool bytes = !model && input->arithmetic != VX_ARITHMETIC_FLOAT;
  float *x = malloc(2 * values * sizeof *x);
  uint8_t *rgb = (uint8_t *)(x ? x + values : NULL);
  if (!x) return vx_fail(error, "pixels", "out of memory");
  bool good = vx_input_make(picture, input, bytes ? NULL : x, bytes ? rgb : NULL, error);
  if (good && model) {
    good = write_tensor(out, (vx_tensor){.name = "x", .dtype = VX_F32, .shape = {3, side, side}, .data = x}, error);
  } else if (good) {
    if (!bytes) interleave(x, side, x + values);
    vx_tensor pixels = {.name = "pixels", .dtype = bytes ? VX_U8 : VX_F32, .shape = {side, side, 3}, .data = rgb};
    good = write_tensor(out, pixels, error);
  }
  free(x);
  return good;
}

int vx_cmd_preprocess(int argc, char **argv, vx_error *error) {
  int size = 0, operands, resize = 0, filter = 0, arithmetic = 0;
  double crop_pct = 0;
  const char *model = NULL, *resize_word = NULL, *filter_word = NULL, *arithmetic_word = "pillow", *out = NULL;
  const vx_option options[] = {{"model", VX_OPTION_TEXT, &model},
                               {"size", VX_OPTION_INT, &size},
                               {"resize", VX_OPTION_TEXT, &resize_word},
                               {"crop-pct", VX_OPTION_REAL, &crop_pct},
                               {"filter", VX_OPTION_TEXT, &filter_word},
                               {"arithmetic", VX_OPTION_TEXT, &arithmetic_word},
                               {"out", VX_OPTION_TEXT, &out}};
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1 || !out) return vx_bad_use(error, argv[0], "wants one IMAGE and --out FILE");
  if (model && (size != 0 || resize_word || crop_pct != 0 || filter_word))
    return vx_bad_use(error, argv[0], "--model says size, resize, crop-pct and filter: give it or them");
  if (!model && size == 0) size = 224;
  if (!model && (size < 1 || size > 8192)) return vx_bad_use(error, argv[0], "--size is %d, expected 1 to 8192", size);
  if (!vx_choice(argv[0], "resize", resize_word ? resize_word : "squash", "squash|crop", &resize, error) ||
      !vx_choice(argv[0], "filter", filter_word ? filter_word : "bilinear",
                 "bilinear|bicubic|nearest|lanczos|box|hamming", &filter, error) ||
      !vx_choice(argv[0], "arithmetic", arithmetic_word, "pillow|float|pillow13", &arithmetic, error))
    return 2;
  vx_input_options input = vx_input_default(model ? 224 : size);
  if (model && !vx_input_from_checkpoint(model, 0, &input, error)) return 1;
  if (!model) {
    input.resize = resize ? VX_RESIZE_CROP : VX_RESIZE_SQUASH;
    input.filter = (vx_filter)filter;
    input.normalize = false;
    input.shorter_side = vx_input_shorter_side(size, crop_pct != 0 ? crop_pct : 0.875);
  }
  input.arithmetic = (vx_arithmetic)arithmetic;
  vx_picture picture = {0};
  bool good = vx_input_check(&input, "preprocess", error) &&
              vx_picture_read_as(argv[argc - 1], VX_EXIF_APPLY, &picture, error) &&
              make(&picture, &input, model != NULL, out, error);
  vx_picture_free(&picture);
  return good ? 0 : 1;
}
