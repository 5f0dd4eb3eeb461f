#include "harness/data/picture.h"

#include <stdlib.h>
#include <string.h>

bool vx_picture_check(uint64_t width, uint64_t height, const char *name, vx_error *error) {
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX || width > VX_PICTURE_PIXELS / height)
    return vx_fail(error, name, "is %llu x %llu pixels, expected between 1 and %llu in all", (unsigned long long)width,
                   (unsigned long long)height, (unsigned long long)VX_PICTURE_PIXELS);
  return true;
}

const char *vx_picture_kind(const uint8_t *data, size_t size) {
  static const struct {
    size_t at, length;
    const char *bytes, *kind;
  } kinds[] = {
      {0, 42, "version https://git-lfs.github.com/spec/v1",
       "a Git LFS pointer, not the file itself (git lfs pull fetches it)"},
      {0, 3, "\xff\xd8\xff", "a JPEG picture"},
      {0, 4, "\x89PNG", "a PNG picture"},
      {8, 4, "WEBP", "a WebP picture (dwebp FILE -o FILE.png converts it)"},
      {0, 4, "GIF8", "a GIF picture (convert 'FILE[0]' FILE.png converts it)"},
      {0, 4, "II*\0", "a TIFF picture (convert FILE FILE.png converts it)"},
      {0, 4, "MM\0*", "a TIFF picture (convert FILE FILE.png converts it)"},
      {0, 4, "II+\0", "a big TIFF picture (convert FILE FILE.png converts it)"},
      {0, 2, "BM", "a BMP picture (convert FILE FILE.png converts it)"},
      {4, 8, "ftypavif", "an AVIF picture (avifdec FILE FILE.png converts it)"},
      {4, 8, "ftypheic", "a HEIC picture (heif-convert FILE FILE.jpg converts it)"},
      {4, 8, "ftypheix", "a HEIC picture (heif-convert FILE FILE.jpg converts it)"},
      {4, 8, "ftypmif1", "a HEIF picture (heif-convert FILE FILE.jpg converts it)"},
      {0, 8, "\0\0\0\x0cjP  ", "a JPEG 2000 picture (convert FILE FILE.png converts it)"},
      {0, 4, "\xff\x4f\xff\x51", "a JPEG 2000 picture (convert FILE FILE.png converts it)"},
      {0, 2, "\xff\x0a", "a JPEG XL picture (djxl FILE FILE.png converts it)"},
      {0, 6, "\x93NUMPY", "a NumPy array (Pillow's Image.fromarray(a).save('FILE.png') converts it)"},
      {0, 4, "%PDF", "a PDF document"},
      {0, 5, "<?xml", "an XML document"},
      {0, 4, "<svg", "an SVG drawing"},
      {0, 9, "<!DOCTYPE", "a web page"},
      {0, 2, "PK", "a ZIP archive"},
      {0, 2, "P5", "a PGM picture (convert FILE FILE.png converts it)"},
      {0, 2, "P6", "a PPM picture (convert FILE FILE.png converts it)"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (size >= kinds[i].at + kinds[i].length && !memcmp(data + kinds[i].at, kinds[i].bytes, kinds[i].length))
      return kinds[i].kind;
  return size ? "neither JPEG nor PNG" : "empty";
}

/* Where the pixel at (x, y) of the upright picture lies in the stored one of width x height. */
static size_t stored_at(int orientation, size_t width, size_t height, size_t x, size_t y) {
  bool turned = orientation >= 5; /* rows are columns */
  size_t column = turned ? y : x, row = turned ? x : y;
  bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  if (from_right) column = width - 1 - column;
  if (from_below) row = height - 1 - row;
  return row * width + column;
}

bool vx_picture_upright(vx_picture *picture, const char *name, vx_error *error) {
  if (picture->orientation < 2) return true;
  size_t width = (size_t)picture->width, height = (size_t)picture->height;
  bool turned = picture->orientation >= 5;
  size_t wide = turned ? height : width, high = turned ? width : height;
  uint8_t *rgb = malloc(width * height * 3);
  if (!rgb) return vx_fail(error, name, "no memory for %zu pixels", width * height);
  for (size_t y = 0; y < high; y++)
    for (size_t x = 0; x < wide; x++)
      memcpy(rgb + 3 * (y * wide + x), picture->rgb + 3 * stored_at(picture->orientation, width, height, x, y), 3);
  free(picture->rgb);
  *picture = (vx_picture){.width = (int)wide, .height = (int)high, .rgb = rgb, .orientation = 1};
  return true;
}

void vx_picture_free(vx_picture *picture) {
  free(picture->rgb);
  *picture = (vx_picture){0};
}
