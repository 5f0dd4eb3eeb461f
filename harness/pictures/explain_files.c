#include "harness/pictures/explain_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/safe_name.h"
#include "harness/draw/overlay.h"
#include "harness/draw/png.h"

typedef struct writer {
  const vx_contact_sheet *sheet;
  const char *folder;
  size_t pixels;
  uint8_t *rgb;                /* [pixels][3] */
  double *values;              /* [pixels] */
  char (*names)[VX_SAFE_NAME]; /* [method_count] */
  vx_error *error;
} writer;

/* Writes w->rgb as folder/name + suffix. */
static bool write_rgb(writer *w, const char *name, const char *suffix) {
  const vx_explained *e = w->sheet->explained;
  char *path = vx_path_join(w->folder, name, suffix);
  if (!path) return vx_fail(w->error, w->folder, "out of memory");
  vx_image image = {e->width, e->height, 3, w->rgb};
  bool good = vx_png_write(path, &image, w->error);
  free(path);
  return good;
}

static bool write_method(writer *w, int index) {
  const vx_explained *e = w->sheet->explained;
  const vx_drawn *drawn = &e->drawn[index], *against = &e->drawn_against[index];
  const char *name = w->names[index];
  vx_overlay_blend(e->rgb, drawn->sized.heat.h, w->pixels, w->sheet->colours, w->sheet->alpha, w->rgb);
  if (!write_rgb(w, name, "-overlay.png")) return false;
  vx_overlay_product(e->rgb, drawn->sized.heat.h, w->pixels, w->rgb);
  if (!write_rgb(w, name, "-v.png")) return false;
  vx_overlay_masked(e->rgb, drawn->mask, w->pixels, w->rgb);
  if (!write_rgb(w, name, "-v-otsu.png")) return false;
  memcpy(w->rgb, e->rgb, 3 * w->pixels);
  vx_overlay_outline(w->rgb, drawn->mask, e->width, e->height, vx_overlay_thickness(e->width, e->height), 0xffd400);
  if (!write_rgb(w, name, "-outline.png")) return false;
  if (e->against < 0 || !drawn->class_specific || !against->made) return true;
  vx_contrast(&drawn->sized.heat, &against->sized.heat, w->pixels, w->values);
  for (size_t i = 0; i < w->pixels; i++) w->values[i] = 0.5 + 0.5 * w->values[i];
  vx_overlay_blend(e->rgb, w->values, w->pixels, vx_colours_find("balance"), 0.8, w->rgb);
  return write_rgb(w, name, "-contrast.png");
}

static bool write_common(writer *w) {
  const vx_explained *e = w->sheet->explained;
  const vx_agreement *a = w->sheet->agreement;
  memcpy(w->rgb, e->rgb, 3 * w->pixels);
  if (!write_rgb(w, "picture.png", "")) return false;
  if (a->count < 2) return true;
  vx_overlay_blend(e->rgb, a->mean, w->pixels, w->sheet->colours, w->sheet->alpha, w->rgb);
  if (!write_rgb(w, "consensus.png", "")) return false;
  for (size_t i = 0; i < w->pixels; i++) w->values[i] = 2 * a->spread[i];
  vx_overlay_blend(e->rgb, w->values, w->pixels, vx_colours_find(VX_CONTACT_SPREAD), 0.8, w->rgb);
  return write_rgb(w, "disagreement.png", "");
}

/* method, method, Spearman, IoU: a line a pair. */
static bool write_pairs(writer *w) {
  const vx_agreement *a = w->sheet->agreement;
  char *text = NULL, *path = vx_path_join(w->folder, "agreement.tsv", NULL);
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  if (!to || !path) {
    if (to) fclose(to);
    free(text);
    free(path);
    return vx_fail(w->error, w->folder, "out of memory");
  }
  fputs("method\tother\tspearman\tiou_of_otsu_masks\n", to);
  for (int i = 0; i < a->count; i++)
    for (int j = i + 1; j < a->count; j++) {
      int at = i * a->count + j;
      fprintf(to, "%s\t%s\t", w->sheet->explained->drawn[a->index[i]].method->name,
              w->sheet->explained->drawn[a->index[j]].method->name);
      if (isnan(a->spearman[at]))
        fprintf(to, "\t%.6f\n", a->iou[at]);
      else
        fprintf(to, "%.6f\t%.6f\n", a->spearman[at], a->iou[at]);
    }
  bool good = fclose(to) == 0 && vx_bytes_write(path, text, size, w->error);
  free(text);
  free(path);
  return good;
}

static bool write_sheet(writer *w) {
  char *path = vx_path_join(w->folder, "contact-sheet.png", NULL);
  if (!path) return vx_fail(w->error, w->folder, "out of memory");
  bool good = vx_contact_sheet_draw(w->sheet, path, w->error);
  free(path);
  return good;
}

static bool write_all(writer *w, bool sheet_only) {
  const vx_contact_sheet *sheet = w->sheet;
  for (int i = 0; i < sheet->method_count; i++) {
    vx_safe_name(sheet->explained->drawn[i].method->name, w->names[i]);
    vx_safe_distinct((const char(*)[VX_SAFE_NAME])w->names, (size_t)i, w->names[i]);
  }
  if (!write_sheet(w) || !write_common(w) || !write_pairs(w)) return false;
  for (int i = 0; i < sheet->method_count && !sheet_only; i++) {
    const vx_drawn *drawn = &sheet->explained->drawn[i];
    if (drawn->made && !drawn->method->hidden && !write_method(w, i)) return false;
  }
  return true;
}

bool vx_explain_write(const vx_contact_sheet *sheet, const char *folder, bool sheet_only, vx_error *error) {
  writer w = {.sheet = sheet, .folder = folder, .error = error};
  w.pixels = (size_t)sheet->explained->width * (size_t)sheet->explained->height;
  w.rgb = malloc(3 * w.pixels);
  w.values = malloc(w.pixels * sizeof *w.values);
  w.names = calloc((size_t)sheet->method_count + 1, sizeof *w.names);
  bool good = w.rgb && w.values && w.names ? write_all(&w, sheet_only) : vx_fail(error, folder, "out of memory");
  free(w.rgb);
  free(w.values);
  free(w.names);
  return good;
}
