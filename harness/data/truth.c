#include "harness/data/truth.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/overlap.h"

/* What each label becomes. */
static bool make_table(const vx_mask *mask, const vx_truth_options *options, uint8_t table[VX_LABELS],
                       vx_error *error) {
  static const uint8_t of_void[] = {
      [VX_VOID_IGNORE] = VX_IGNORED, [VX_VOID_BACKGROUND] = VX_BACKGROUND, [VX_VOID_FOREGROUND] = VX_FOREGROUND};
  bool any = options->foreground == VX_FOREGROUND_ANY, main = options->foreground == VX_FOREGROUND_MAIN;
  int wanted = main ? vx_mask_main_class(mask) : options->label;
  if (!any && !main && (wanted < 1 || wanted >= VX_LABEL_VOID))
    return vx_fail(error, "truth", "foreground class is %d, expected 1 to %d", wanted, VX_LABEL_VOID - 1);
  memset(table, VX_BACKGROUND, VX_LABELS);
  for (int label = 1; label < VX_LABEL_VOID; label++)
    if (any || label == wanted) table[label] = VX_FOREGROUND;
  table[VX_LABEL_VOID] = of_void[options->void_kind];
  return true;
}

bool vx_truth_make(const vx_mask *mask, const vx_truth_options *options, const vx_geometry *geometry, uint8_t *truth,
                   vx_error *error) {
  uint8_t table[VX_LABELS];
  if (!make_table(mask, options, table, error)) return false;
  if (!vx_resize_labels(mask->label, mask->width, mask->height, geometry, options->resize, truth, error)) return false;
  size_t pixels = (size_t)geometry->width * (size_t)geometry->height;
  for (size_t i = 0; i < pixels; i++) truth[i] = table[truth[i]];
  return true;
}

bool vx_truth_foreground(const char *text, vx_truth_options *options, const char *where, vx_error *error) {
  static const char *const name[] = {
      [VX_FOREGROUND_ANY] = "any", [VX_FOREGROUND_MAIN] = "main", [VX_FOREGROUND_PREDICTED] = "predicted"};
  for (size_t i = 0; i < sizeof name / sizeof *name; i++)
    if (name[i] && !strcmp(text, name[i])) {
      options->foreground = (vx_foreground_kind)i;
      return true;
    }
  char *end = NULL;
  bool given = !strncmp(text, "class=", 6) && text[6] >= '0' && text[6] <= '9';
  long label = given ? strtol(text + 6, &end, 10) : 0;
  if (!end || *end || label < 1 || label >= VX_LABEL_VOID)
    return vx_fail(error, where, "is \"%.100s\", expected any, main, predicted or class=N (1 to %d)", text,
                   VX_LABEL_VOID - 1);
  options->foreground = VX_FOREGROUND_CLASS;
  options->label = (int)label;
  return true;
}

bool vx_truth_void(const char *text, vx_truth_options *options, const char *where, vx_error *error) {
  static const char *const name[] = {
      [VX_VOID_IGNORE] = "ignore", [VX_VOID_BACKGROUND] = "background", [VX_VOID_FOREGROUND] = "foreground"};
  for (size_t i = 0; i < sizeof name / sizeof *name; i++)
    if (!strcmp(text, name[i])) {
      options->void_kind = (vx_void_kind)i;
      return true;
    }
  return vx_fail(error, where, "is \"%.100s\", expected ignore, background or foreground", text);
}

bool vx_truth_resize(const char *text, vx_truth_options *options, const char *where, vx_error *error) {
  bool pillow = !strcmp(text, "pillow");
  if (!pillow && strcmp(text, "opencv") != 0)
    return vx_fail(error, where, "is \"%.100s\", expected pillow or opencv", text);
  options->resize = pillow ? VX_MASK_PILLOW : VX_MASK_OPENCV;
  return true;
}
