/* From a picture to the numbers that the model reads. */
#ifndef VX_INPUT_H
#define VX_INPUT_H

#include "harness/data/picture.h"
#include "harness/data/resize.h"

typedef enum vx_resize {
  VX_RESIZE_SQUASH, /* straight to scaled_width x scaled_height, then the centre size x size */
  VX_RESIZE_CROP,   /* the shorter side to `shorter_side`, then the centre */
  VX_RESIZE_BORDER, /* the longer side to `longer_side`, then the centre, what is missing filled */
  VX_RESIZE_NONE    /* not at all, then the centre if `cuts`, else a picture of another size is refused */
} vx_resize;

typedef enum vx_arithmetic {
  VX_ARITHMETIC_PILLOW,  /* 8-bit pixels after each pass */
  VX_ARITHMETIC_FLOAT,   /* single precision throughout, bilinear only */
  VX_ARITHMETIC_PILLOW13 /* as Pillow, in the order of passes that it has from 13.0 on */
} vx_arithmetic;

typedef struct vx_input_options {
  int size; /* S, the side of the model's input in pixels */
  vx_resize resize;
  int scaled_width, scaled_height; /* for VX_RESIZE_SQUASH */
  int shorter_side;                /* for VX_RESIZE_CROP */
  int longer_side;                 /* for VX_RESIZE_BORDER */
  bool cuts;                       /* for VX_RESIZE_NONE */
  double zoom;                     /* for VX_RESIZE_NONE: 1, but for other sides than the model's */
  bool floor_offset;               /* the centre begins at floor((W - S)/2) as in transformers, else half to even */
  uint8_t fill[3];                 /* where the centre reaches over the picture's border */
  vx_filter filter;
  vx_arithmetic arithmetic;
  double divisor;         /* 255: of the bytes v; rescale_factor is its inverse */
  bool normalize;         /* false leaves v/divisor */
  double mean[3], std[3]; /* of v/divisor, per channel R, G, B */
} vx_input_options;

/* squash, bilinear, 8-bit arithmetic, mean and std 0.5: what ViT checkpoints mean who say nothing. The shorter side,
   for whoever turns to cropping, is that of crop_pct 0.875. */
vx_input_options vx_input_default(int size);

/* floor(size / crop_pct), the shorter side that timm scales to: 256 for 224 and 0.875, 248 for 0.9. 0 when crop_pct is
   not in (0, 1]. */
int vx_input_shorter_side(int size, double crop_pct);

/* Reads how the checkpoint in folder `dir` wants its pictures: from preprocessor_config.json as the processor's class
   in transformers means it, else from `pretrained_cfg` in config.json, or the same keys at its top level, as timm means
   it. `image_size` is the model's; 0: the size that the checkpoint's processor makes. Fails, naming file and key, on a
   missing file, a wrong type, an unsupported value, another size, or a key that is not understood. Arithmetic is set to
   Pillow's. */
bool vx_input_from_checkpoint(const char *dir, int image_size, vx_input_options *options, vx_error *error);

/* Checks that the options make sense together; `where` names their source in the error. */
bool vx_input_check(const vx_input_options *options, const char *where, vx_error *error);

/* The same options at another side: the same part of the picture is seen. */
vx_input_options vx_input_at(const vx_input_options *options, int side);

/* All of it as "size=224 resize=crop shorter_side=256 filter=bicubic arithmetic=pillow mean=… std=…", and back: what a
   results file keeps of a run's input. Reading wants a size; what a text does not say is as in vx_input_default. Fails,
   with the text, where that is not a way from a picture to an input. */
void vx_input_print(const vx_input_options *options, char *text, size_t size);
bool vx_input_parse(const char *text, const char *where, vx_input_options *options, vx_error *error);

/* How a picture (or its mask) of width x height is scaled and cropped under `options`. */
bool vx_input_geometry(const vx_input_options *options, int width, int height, vx_geometry *geometry, vx_error *error);

/* Whether the input shows another part of the picture than all of it, squashed. */
bool vx_input_cuts(const vx_input_options *options);

/* All of it in words, in a line: "shorter side to 256, centre 224 x 224, bicubic, mean …". */
void vx_input_describe(const vx_input_options *options, char *text, size_t room);

/* Makes the input `x` [3][S][S] = (float)(((double)v/255 - mean)/std), rounded once (float arithmetic: all in single
   precision), and the bytes `rgb` [S][S][3] of the resized picture. Either may be NULL. */
bool vx_input_make(const vx_picture *picture, const vx_input_options *options, float *x, uint8_t *rgb, vx_error *error);

#endif
