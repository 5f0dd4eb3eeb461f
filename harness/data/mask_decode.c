/* From a PNG's samples to labels: which of the ways to read them, and what each value or colour becomes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/data/mask.h"
#include "harness/data/picture.h"
#include "harness/data/png.h"

enum { MOST_KINDS = 4096, SLOTS = 16384, NONE = -1 };

/* One value or colour of the mask. */
typedef struct kind {
  uint32_t value;  /* of a grey or palette mask; of RGB the colour */
  uint32_t colour; /* 0xrrggbb, grey of less than 16 bits as it is scaled to a byte */
  bool coloured;   /* false: an index that its palette does not have, a grey that is no byte */
  size_t count;
  int label;
} kind;

/* A mask being read. */
typedef struct reader {
  const char *name;
  const vx_mask_reading *reading;
  vx_png_samples png;
  size_t pixels;
  int count;
  kind kinds[MOST_KINDS];    /* in the order in which they are met */
  uint16_t slots[SLOTS];     /* kind + 1 by a hash of the value, 0: free */
  uint16_t *at;              /* [pixels]: which kind */
  vx_mask_encoding encoding; /* chosen */
  vx_error *error;
} reader;

/* ---- values and colours -------------------------------------------------------------------------------------------
 */

static uint32_t sample(const reader *r, size_t pixel, int channel) {
  size_t i = pixel * (size_t)r->png.channels + (size_t)channel;
  const uint8_t *bytes = r->png.bytes;
  return r->png.depth == 16 ? (uint32_t)bytes[2 * i] << 8 | bytes[2 * i + 1] : bytes[i];
}

/* 16 bits a channel hold a byte as v * 257 or as it stands; else there is no byte for it. */
static bool to_byte(uint32_t value, uint32_t *byte) {
  *byte = value % 257 == 0 ? value / 257 : value;
  return *byte <= 255;
}

static bool check_alpha(const reader *r) {
  int channels = r->png.channels;
  uint32_t opaque = r->png.depth == 16 ? 65535 : 255;
  size_t seen = 0;
  for (size_t i = 0; channels % 2 == 0 && i < r->pixels; i++) seen += sample(r, i, channels - 1) != opaque;
  if (!seen) return true;
  return vx_fail(r->error, r->name,
                 "has %zu transparent pixels, expected an opaque mask: what they mean cannot be known; save it without "
                 "alpha, background black",
                 seen);
}

static bool rgb_value(const reader *r, size_t pixel, uint32_t *value) {
  *value = 0;
  for (int c = 0; c < 3; c++) {
    uint32_t v = sample(r, pixel, c);
    if (r->png.depth == 16 && !to_byte(v, &v))
      return vx_fail(r->error, r->name, "has the 16-bit value %u in a colour, expected at most 255", v);
    *value = *value << 8 | v;
  }
  return true;
}

/* The colour of a grey value or an index. */
static void colour_kind(const reader *r, kind *k) {
  uint32_t grey = 0;
  k->coloured = true;
  if (r->png.channels >= 3) {
    k->colour = k->value;
  } else if (r->png.palette) {
    k->coloured = k->value < (uint32_t)r->png.colours;
    const uint8_t *c = r->png.colour[k->coloured ? k->value : 0];
    k->colour = (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
  } else {
    if (r->png.depth == 16) k->coloured = k->value % 257 == 0;
    grey = r->png.depth == 16 ? k->value / 257 : k->value * (255u / ((1u << r->png.depth) - 1));
    k->colour = grey << 16 | grey << 8 | grey;
  }
}

/* The kind of a value, a new one where it is the first; NONE: there are too many. */
static int find_kind(reader *r, uint32_t value) {
  uint32_t slot = value * 2654435761u >> 18; /* 14 bits: SLOTS */
  for (; r->slots[slot]; slot = (slot + 1) % SLOTS)
    if (r->kinds[r->slots[slot] - 1].value == value) return r->slots[slot] - 1;
  if (r->count == MOST_KINDS) return NONE;
  kind *k = &r->kinds[r->count++];
  r->slots[slot] = (uint16_t)r->count;
  k->value = value;
  colour_kind(r, k);
  return r->count - 1;
}

static bool collect(reader *r) {
  int last = NONE;
  for (size_t i = 0; i < r->pixels; i++) {
    uint32_t value = 0;
    if (r->png.channels < 3)
      value = sample(r, i, 0);
    else if (!rgb_value(r, i, &value))
      return false;
    if (last == NONE || r->kinds[last].value != value) last = find_kind(r, value);
    if (last == NONE)
      return vx_fail(r->error, r->name, "has more than %d colours: a picture, expected a mask", MOST_KINDS);
    r->kinds[last].count++;
    r->at[i] = (uint16_t)last;
  }
  return true;
}

/* ---- which way ----------------------------------------------------------------------------------------------------
 */

static bool is_grey(const kind *k) {
  return k->coloured && (k->colour & 255) == (k->colour >> 8 & 255) && (k->colour & 255) == k->colour >> 16;
}

static bool all_grey(const reader *r) {
  for (int i = 0; i < r->count; i++)
    if (!is_grey(&r->kinds[i])) return false;
  return true;
}

/* 15 of 4 bits and 3 of 2 are labels as likely as white: they stay what they were. */
static bool black_and_white(const reader *r) {
  bool white = false;
  if (!r->png.palette && (r->png.depth == 2 || r->png.depth == 4)) return false;
  for (int i = 0; i < r->count; i++) {
    const kind *k = &r->kinds[i];
    if (!k->coloured || (k->colour != 0 && k->colour != 0xffffff)) return false;
    white = white || k->colour;
  }
  return white && r->count == 2;
}

static bool voc_colours(const reader *r) {
  for (int i = 0; i < r->count; i++)
    if (!r->kinds[i].coloured || vx_voc_colour_find(r->kinds[i].colour) < 0) return false;
  return true;
}

/* A palette whose used entries are VOC's colours, all different, at least one at another place, each of a class that
   there is. A ramp of greys has some of VOC's colours by chance: it is an index. */
static bool stands_elsewhere(const reader *r) {
  bool elsewhere = false, ramp = true, seen[VX_LABELS] = {false};
  if (!r->png.palette || !voc_colours(r)) return false;
  for (int i = 0; i < r->count; i++) {
    const kind *k = &r->kinds[i];
    int label = vx_voc_colour_find(k->colour), classes = r->reading->class_count;
    if (seen[label] || (classes && label >= classes && label != VX_LABEL_VOID)) return false;
    seen[label] = true;
    elsewhere = elsewhere || label != (int)k->value;
    ramp = ramp && k->colour == k->value * 0x010101;
  }
  return elsewhere && !ramp;
}

static bool lists(const vx_mask_reading *reading, bool colour) {
  for (size_t i = 0; i < reading->count; i++)
    if (reading->label[i].colour == colour) return true;
  return false;
}

/* The way that the reading names, else what the mask itself says. */
static vx_mask_encoding choose(const reader *r, vx_truth_status *status) {
  const vx_mask_reading *reading = r->reading;
  bool rgb = r->png.channels >= 3, listed = reading->count || reading->other_given;
  *status = VX_TRUTH_OK;
  if (reading->encoding != VX_MASK_AUTO) return reading->encoding;
  if (lists(reading, true) && ((rgb && !all_grey(r)) || r->png.palette || !lists(reading, false)))
    return VX_MASK_COLOUR;
  if (listed) return rgb && !all_grey(r) ? VX_MASK_COLOUR : VX_MASK_INDEX;
  if (black_and_white(r) && !reading->voc) {
    *status = VX_TRUTH_BINARY;
    return VX_MASK_BINARY;
  }
  if (rgb) return voc_colours(r) || !all_grey(r) ? VX_MASK_COLOUR : VX_MASK_INDEX;
  if (!stands_elsewhere(r)) return VX_MASK_INDEX;
  *status = VX_TRUTH_COLOUR;
  return VX_MASK_COLOUR;
}

/* ---- what each becomes --------------------------------------------------------------------------------------------
 */

static int find_label(const vx_mask_reading *reading, uint32_t from, bool colour) {
  for (size_t i = 0; i < reading->count; i++)
    if (reading->label[i].from == from && reading->label[i].colour == colour) return reading->label[i].label;
  return NONE;
}

/* A label or NONE; background and void are what they always are unless the reading says otherwise. */
static int label_of(const reader *r, const kind *k) {
  const vx_mask_reading *reading = r->reading;
  uint32_t value = r->png.channels >= 3 ? k->value & 255 : k->value; /* of three equal channels */
  bool colour = r->encoding == VX_MASK_COLOUR;
  if (r->encoding == VX_MASK_RGB_ID && (r->png.channels >= 3 || r->png.palette))
    value = k->colour >> 16 | (k->colour & 0xff00) | (k->colour & 255) << 16;
  if (colour && !k->coloured) return NONE;
  int label = find_label(reading, colour ? k->colour : value, colour);
  if (label != NONE) return label;
  if (lists(reading, colour) || reading->other_given) {
    if (colour ? k->colour == 0 : value == 0) return VX_LABEL_BACKGROUND;
    if (reading->other_given) return reading->other;
    return colour ? (k->colour == vx_voc_colour(VX_LABEL_VOID) ? VX_LABEL_VOID : NONE)
                  : (value == VX_LABEL_VOID && r->encoding != VX_MASK_RGB_ID ? VX_LABEL_VOID : NONE);
  }
  if (colour) return vx_voc_colour_find(k->colour);
  return value < (r->encoding == VX_MASK_RGB_ID ? VX_LABEL_VOID : VX_LABELS) ? (int)value : NONE;
}

static bool fail_unknown(const reader *r, const kind *first, int kinds, size_t pixels) {
  char more[80] = "";
  if (kinds > 1) snprintf(more, sizeof more, " (%zu with %d others like it)", pixels, kinds - 1);
  if (r->encoding == VX_MASK_COLOUR)
    return vx_fail(
        r->error, r->name,
        "has the colour #%06x at %zu pixels%s, which is no class's; data.labels says what a colour means, as "
        "{\"#%06x\": CLASS}",
        first->colour, first->count, more, first->colour);
  bool id = r->encoding == VX_MASK_RGB_ID && (r->png.channels >= 3 || r->png.palette);
  uint32_t value = id ? first->colour >> 16 | (first->colour & 0xff00) | (first->colour & 255) << 16 : first->value;
  return vx_fail(r->error, r->name,
                 "has the value %u at %zu pixels%s, which is no label (0 to 254, 255 void); data.labels says what a "
                 "value means, as {%u: CLASS} or {other: CLASS}",
                 value, first->count, more, value);
}

static bool label_kinds(reader *r) {
  const kind *first = NULL;
  int unknown = 0;
  size_t pixels = 0;
  if (r->encoding == VX_MASK_INDEX && r->png.channels >= 3 && !all_grey(r))
    return vx_fail(r->error, r->name,
                   "is RGB, which has no index; data.mask_encoding: colour or rgb-id says how to read it");
  for (int i = 0; i < r->count; i++) {
    kind *k = &r->kinds[i];
    k->label = label_of(r, k);
    if (k->label != NONE) continue;
    if (!first) first = k;
    unknown++;
    pixels += k->count;
  }
  return !first || fail_unknown(r, first, unknown, pixels);
}

/* ---- binary masks -------------------------------------------------------------------------------------------------
 */

static uint32_t brightness(const kind *k) {
  uint32_t a = k->colour >> 16, b = k->colour >> 8 & 255, c = k->colour & 255;
  uint32_t most = a > b ? a : b;
  return most > c ? most : c;
}

/* Bright is above half; of two values of which one is black, the other one. */
static void label_binary(reader *r) {
  const vx_mask_reading *reading = r->reading;
  int object = find_label(reading, 255, false);
  if (object < 1) object = reading->class_count == 2 ? 1 : VX_LABEL_OBJECT;
  bool two = r->count == 2 && (brightness(&r->kinds[0]) == 0 || brightness(&r->kinds[1]) == 0);
  for (int i = 0; i < r->count; i++) {
    kind *k = &r->kinds[i];
    bool wide = !k->coloured; /* 16 bits that are no byte's */
    bool bright = wide ? k->value > (two ? 0u : 32767u) : brightness(k) > (two ? 0u : 127u);
    k->label = bright ? object : VX_LABEL_BACKGROUND;
  }
}

/* White along most of the border is more likely the background: not for a program to decide. */
static bool check_border(const reader *r) {
  size_t width = (size_t)r->png.width, height = (size_t)r->png.height, all = 0, white = 0;
  for (size_t i = 0; i < r->pixels; i++) {
    size_t x = i % width, y = i / width;
    if (x && y && x + 1 < width && y + 1 < height) continue;
    all++;
    white += r->kinds[r->at[i]].label != VX_LABEL_BACKGROUND;
  }
  if (2 * white <= all) return true;
  return vx_fail(
      r->error, r->name,
      "is black and white with white at %zu of %zu border pixels: object or background? Say data.mask_encoding: "
      "binary (white is the object) or data.labels: {\"#000000\": CLASS, \"#ffffff\": background}",
      white, all);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------
 */

/* For vx_mask_look. A palette without VOC's colours may be dithered. */
static double thin_share(const reader *r) {
  if (r->reading->encoding == VX_MASK_INDEX) return 0;
  bool strange = r->png.palette;
  for (int i = 0; i < r->count; i++) {
    const kind *k = &r->kinds[i];
    strange = strange && (!k->coloured || k->value == 0 || vx_voc_colour((int)k->value) != k->colour);
  }
  return strange ? 0.5 : 1;
}

static bool make_labels(reader *r, vx_mask *mask) {
  vx_truth_status status;
  r->encoding = choose(r, &status);
  if (r->encoding == VX_MASK_BINARY)
    label_binary(r);
  else if (!label_kinds(r))
    return false;
  if (status == VX_TRUTH_BINARY && !check_border(r)) return false;
  uint8_t *label = malloc(r->pixels);
  if (!label) return vx_fail(r->error, r->name, "no memory for %zu labels", r->pixels);
  for (size_t i = 0; i < r->pixels; i++) label[i] = (uint8_t)r->kinds[r->at[i]].label;
  *mask = (vx_mask){.width = r->png.width, .height = r->png.height, .label = label};
  bool binary = r->encoding == VX_MASK_BINARY || find_label(r->reading, 1, false) == VX_LABEL_OBJECT;
  mask->nameless = binary && r->reading->class_count <= VX_LABEL_OBJECT && vx_mask_main_class(mask) == VX_LABEL_OBJECT;

  mask->status = vx_mask_look(mask, binary ? 0 : r->reading->class_count, binary ? 0 : thin_share(r));
  if (mask->status == VX_TRUTH_OK) mask->status = status;
  return true;
}

static bool decode(reader *r, const uint8_t *data, size_t size, vx_mask *mask) {
  if (!vx_png_samples_decode(data, size, r->name, &r->png, r->error)) return false;
  r->pixels = (size_t)r->png.width * (size_t)r->png.height;
  r->at = malloc(r->pixels * sizeof *r->at);
  bool ok = r->at ? check_alpha(r) && collect(r) && make_labels(r, mask)
                  : vx_fail(r->error, r->name, "no memory for %zu pixels", r->pixels);
  free(r->at);
  free(r->png.bytes);
  return ok;
}

bool vx_mask_decode(const uint8_t *data, size_t size, const char *name, const vx_mask_reading *reading, vx_mask *mask,
                    vx_error *error) {
  static const vx_mask_reading standard = {VX_MASK_AUTO};
  static const uint8_t signature[] = {0x89, 'P', 'N', 'G'};
  *mask = (vx_mask){0};
  if (size < sizeof signature || memcmp(data, signature, sizeof signature) != 0)
    return vx_fail(error, name, "is %s, expected a mask as PNG", vx_picture_kind(data, size));
  reader *r = calloc(1, sizeof *r);
  if (!r) return vx_fail(error, name, "no memory");
  r->name = name;
  r->reading = reading ? reading : &standard;
  r->error = error;
  bool ok = decode(r, data, size, mask);
  free(r);
  return ok;
}

bool vx_mask_read(const char *path, const vx_mask_reading *reading, vx_mask *mask, vx_error *error) {
  vx_file file;
  *mask = (vx_mask){0};
  if (!vx_file_read(path, VX_PICTURE_BYTES, &file, error)) return false;
  bool ok = vx_mask_decode(file.data, file.size, path, reading, mask, error);
  vx_file_free(&file);
  return ok;
}
