/* The images of the report: picture, class mask and maps, each image a script element of its own, so that a browser
   reads only those that are looked at. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/mask.h"
#include "harness/data/picture.h"
#include "harness/draw/png.h"
#include "harness/report/parts.h"
#include "harness/run/origin.h"

/* From the finest to what still shows something. */
static const vx_report_level levels[] = {
    {.picture = 320, .quality = 80, .pixel_map = 56, .mask = 112},
    {.picture = 224, .quality = 75, .pixel_map = 28, .mask = 56},
    {.picture = 160, .quality = 70, .pixel_map = 14, .mask = 28},
};
enum { LEVELS = sizeof levels / sizeof *levels };

/* ---- the data set ----------------------------------------------------------------------------------------------- */

void vx_report_open_data(vx_report *report) {
  const vx_report_options *o = report->options;
  vx_error error;
  if (!vx_origin_open(&report->run, o->root, o->split, &report->origin, &error))
    snprintf(report->made->note, sizeof report->made->note, "no pictures: %s: %s", error.where, error.why);
}

/* ---- which images, how fine ------------------------------------------------------------------------------------- */

/* Bytes that an image takes in the page, about. */
static double bytes_of_image(const vx_report *report, const vx_report_level *level) {
  double grid = report->run.grid, patch = 0, pixel = 0;
  for (int m = 0; m < report->method_count; m++) {
    if (report->methods[m].pixel_map)
      pixel++;
    else
      patch++;
  }
  double maps =
      patch * (grid * grid + 30) + pixel * (level->pixel_map * level->pixel_map + level->mask * level->mask / 8.0 + 60);
  maps += report->method_count * vx_report_curve_bytes(report);
  double picture = report->origin.voc.count ? level->picture * level->picture * 0.3 + 1500 : 0;
  return 4.0 / 3 * (maps + picture) + 500;
}

/* Wrong decisions first, the others evenly over the list. */
static void choose_some(vx_report *report, int room) {
  int count = report->images.count, right = 0, seen = 0;
  for (int i = 0; i < count; i++) {
    bool wrong = report->images.rows[i].correct == VX_NO;
    report->sums[i].shown = wrong && room > 0;
    room -= report->sums[i].shown;
    right += !wrong;
  }
  for (int i = 0; i < count; i++) {
    if (report->images.rows[i].correct == VX_NO) continue;
    int before = (int)((int64_t)seen * room / right), after = (int)((int64_t)(seen + 1) * room / right);
    report->sums[i].shown = after > before;
    seen++;
  }
}

static const vx_report_level *choose(vx_report *report) {
  double room = 1e6 * report->options->megabytes * 0.9;
  int level = 0, count = report->images.count;
  while (level < LEVELS - 1 && count * bytes_of_image(report, &levels[level]) > room) level++;
  double each = bytes_of_image(report, &levels[level]);
  if (count * each <= room) {
    for (int i = 0; i < count; i++) report->sums[i].shown = true;
  } else {
    choose_some(report, (int)(room / each));
  }
  return &levels[level];
}

/* ---- one image -------------------------------------------------------------------------------------------------- */

/* Runs of equal labels, row by row: pairs of label and length (1..255). */
static json_t *pack_labels(const uint8_t *labels, size_t pixels, vx_arena *arena) {
  uint8_t *runs = VX_TAKE(arena, 2 * pixels, uint8_t);
  size_t used = 0;
  if (!runs) return NULL;
  for (size_t i = 0; i < pixels;) {
    size_t length = 1;
    while (length < 255 && i + length < pixels && labels[i + length] == labels[i]) length++;
    runs[used++] = labels[i];
    runs[used++] = (uint8_t)length;
    i += length;
  }
  return vx_embed_bytes(runs, used);
}

static bool put_picture(vx_report *report, const vx_picture *picture, const vx_geometry *geometry, int quality,
                        json_t *into, vx_arena *arena, vx_error *error) {
  vx_bytes jpeg = {0};
  uint8_t *rgb = vx_arena_take(arena, 3 * (size_t)geometry->width, (size_t)geometry->height);
  if (!rgb) return vx_fail(error, "report", "out of memory");
  vx_image image = {.width = geometry->width, .height = geometry->height, .channels = 3, .pixels = rgb};
  if (!vx_resize_rgb(picture->rgb, picture->width, picture->height, geometry, VX_FILTER_BILINEAR, rgb, error) ||
      !vx_jpeg_encode(&image, quality, &jpeg, error)) {
    return false;
  }
  vx_report_put(report, into, "tw", json_integer(geometry->width));
  vx_report_put(report, into, "th", json_integer(geometry->height));
  vx_report_put(report, into, "pic", vx_embed_bytes(jpeg.data, jpeg.size));
  free(jpeg.data);
  return true;
}

static bool put_mask(vx_report *report, const vx_mask *mask, const vx_geometry *geometry, json_t *into, vx_arena *arena,
                     vx_error *error) {
  size_t pixels = (size_t)geometry->width * (size_t)geometry->height;
  uint8_t *labels = VX_TAKE(arena, pixels, uint8_t);
  if (!labels) return vx_fail(error, "report", "out of memory");
  if (!vx_resize_labels(mask->label, mask->width, mask->height, geometry, VX_MASK_PILLOW, labels, error)) return false;
  vx_report_put(report, into, "mask", pack_labels(labels, pixels, arena));
  return true;
}

/* Picture and mask, as far as they are there; what is wrong with them goes to `trouble`, not to the reader of the
   command: the image is then shown without. */
static void put_files(vx_report *report, int image, const vx_report_level *level, vx_mask *mask, json_t *into,
                      vx_arena *arena) {
  const vx_voc_entry *entry = vx_origin_entry(&report->origin, &report->images.rows[image]);
  vx_picture picture = {0};
  vx_geometry geometry;
  vx_error error;
  if (!entry) return;
  bool good =
      vx_picture_read_as(entry->image, (vx_exif)report->origin.config->exif, &picture, &error) &&
      vx_frame_to_thumbnail(&report->input, picture.width, picture.height, level->picture, &geometry, &error) &&
      (!report->sums[image].shown || put_picture(report, &picture, &geometry, level->quality, into, arena, &error)) &&
      vx_voc_mask(&report->origin.voc, entry, mask, &error) &&
      (!report->sums[image].shown || put_mask(report, mask, &geometry, into, arena, &error));
  if (!good) vx_report_put(report, into, "trouble", vx_embed_text(error.why));
  vx_picture_free(&picture);
}

static json_t *objects_json(vx_report *report, const vx_result *detail) {
  json_t *list = json_array();
  for (int i = 0; list && i < detail->object_count; i++) {
    const vx_stored_object *o = &detail->objects[i];
    vx_report_push(report, list,
                   json_pack("[o, i, o, o, o, o]", vx_embed_text(o->name), o->data_class, vx_embed_number(o->x_min, 6),
                             vx_embed_number(o->y_min, 6), vx_embed_number(o->x_max, 6), vx_embed_number(o->y_max, 6)));
  }
  return list;
}

static json_t *top_json(vx_report *report, const vx_result *detail) {
  json_t *list = json_array();
  for (int i = 0; list && i < detail->prediction.top_count; i++)
    vx_report_push(report, list,
                   json_pack("[i, o]", detail->prediction.top[i].label,
                             vx_embed_number(detail->prediction.top[i].probability, 5)));
  return list;
}

static bool write_image(vx_report *report, int image, const vx_report_level *level, vx_arena *arena, vx_error *error) {
  vx_result detail;
  vx_mask mask = {0};
  json_t *into = json_object();
  if (!into) return vx_fail(error, "report", "out of memory");
  bool good = vx_image_read(report->store, report->images.rows[image].id, arena, &detail, error);
  if (good) {
    put_files(report, image, level, &mask, into, arena);
    json_t *maps = vx_report_take_maps(report, image, level, mask.label, mask.width, mask.height, arena, error);
    good = maps != NULL;
    vx_report_put(report, into, "maps", maps);
    good = good && vx_report_take_curves(report, image, report->sums[image].shown ? into : NULL, arena, error);
    vx_report_put(report, into, "objects", objects_json(report, &detail));
    vx_report_put(report, into, "top", top_json(report, &detail));
    vx_report_put(report, into, "w", json_integer(detail.width));
    vx_report_put(report, into, "h", json_integer(detail.height));
  }
  vx_mask_free(&mask);
  if (!good || !report->sums[image].shown) {
    json_decref(into);
    return good;
  }
  char id[32];
  snprintf(id, sizeof id, "image-%d", image);
  report->made->pictures++;
  return vx_report_embed(report, id, into, error);
}

bool vx_report_write_images(vx_report *report, vx_error *error) {
  const vx_report_level *level = choose(report);
  vx_arena *arena = vx_arena_new();
  bool good = arena || vx_fail(error, "report", "out of memory");
  for (int i = 0; good && i < report->images.count; i++) {
    good = write_image(report, i, level, arena, error);
    vx_arena_reset(arena);
  }
  vx_arena_free(arena);
  if (good && report->made->pictures < report->images.count && !*report->made->note) {
    snprintf(report->made->note, sizeof report->made->note,
             "pictures and maps of %d of %d images: more would exceed %d MB (--megabytes)", report->made->pictures,
             report->images.count, report->options->megabytes);
  }
  return good;
}
