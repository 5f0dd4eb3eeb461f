#include "harness/study/export.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_name.h"
#include "base/text.h"
#include "core/safetensors.h"
#include "harness/config/setting.h"
#include "harness/data/npz.h"
#include "harness/draw/overlay.h"
#include "harness/draw/png.h"
#include "harness/run/frame.h"
#include "harness/run/origin.h"
#include "harness/run/to_size.h"
#include "harness/store/choose.h"
#include "harness/store/csv.h"
#include "harness/store/stored.h"

typedef struct exporting {
  vx_store *store;
  const vx_export_options *options;
  vx_export_report *report;
  vx_arena *arena, *one; /* of the whole; of the map at hand */
  vx_run_row run;
  vx_scoring_row scoring;
  vx_setting setting;
  vx_input_options input;
  vx_image_set set;
  vx_method_row *methods;
  int method_count;
  const char **ids; /* [id_count]; NULL: all */
  int id_count;
  vx_origin origin;
  vx_sized sized;
} exporting;

/* What becomes of one map: bytes or single-precision numbers, of one or three channels. */
typedef struct made {
  bool bytes;
  int rows, columns, channels;
  const void *values; /* in exporting.one */
  int target;
} made;

static bool out_of_memory(const exporting *x, vx_error *error) {
  return vx_fail(error, vx_store_path(x->store), "out of memory");
}

/* ---- what is asked for ------------------------------------------------------------------------------------------- */

static bool read_ids(exporting *x, vx_error *error) {
  const char *list = x->options->ids;
  if (!list) return true;
  if (!vx_file_exists(list)) return vx_split(x->arena, list, ',', &x->ids, &x->id_count) || out_of_memory(x, error);
  vx_file file;
  vx_lines lines;
  if (!vx_text_read(list, &file, error)) return false;
  bool good = vx_lines_open(&file, list, &lines, error);
  size_t most = 1;
  for (size_t i = 0; i < file.size; i++) most += file.data[i] == '\n';
  x->ids = VX_TAKE(x->arena, most + 1, const char *);
  good = good && (x->ids || out_of_memory(x, error));
  for (char *line; good && (line = vx_lines_next(&lines));) {
    if (!*(line = vx_trim(line))) continue;
    good = (x->ids[x->id_count++] = vx_arena_text(x->arena, line)) || out_of_memory(x, error);
  }
  vx_file_free(&file);
  return good;
}

/* Keeps the images asked for; predictions are of all that the run saw, and their ids are not looked up here. */
static bool choose_images(exporting *x, vx_error *error) {
  if (!x->ids || x->options->as == VX_EXPORT_PREDICTIONS) return true;
  vx_image_row *kept = VX_TAKE(x->arena, x->id_count + 1, vx_image_row);
  if (!kept) return out_of_memory(x, error);
  for (int i = 0; i < x->id_count; i++) {
    int k = 0;
    while (k < x->set.count && strcmp(x->set.rows[k].image_id, x->ids[i]) != 0) k++;
    if (k == x->set.count)
      return vx_fail(error, "--ids", "run %" PRId64 " has evaluated no image '%.80s'", x->run.id, x->ids[i]);
    kept[i] = x->set.rows[k];
  }
  x->set.rows = kept;
  x->set.count = x->id_count;
  return true;
}

static bool is_table(vx_export_as as) {
  return as == VX_EXPORT_PREDICTIONS || as == VX_EXPORT_SCORES;
}

static bool check_format(const exporting *x, vx_error *error) {
  vx_export_as as = x->options->as;
  vx_export_format format = x->options->format;
  if (is_table(as) != (format == VX_EXPORT_CSV))
    return vx_fail(error, "--format",
                   is_table(as) ? "predictions and scores are written as csv" : "csv is for predictions and scores");
  if (as == VX_EXPORT_OVERLAYS && format != VX_EXPORT_PNG)
    return vx_fail(error, "--format", "overlays are pictures: png");
  for (int i = 0; as == VX_EXPORT_MAPS && format == VX_EXPORT_PNG && i < x->method_count; i++)
    if (!x->methods[i].pixel_map)
      return vx_fail(error, "--format",
                     "the maps of %s are numbers, which a PNG cannot hold: npy, npz or safetensors, or "
                     "--as scored",
                     x->methods[i].name);
  return true;
}

static bool open_run(exporting *x, vx_error *error) {
  const vx_export_options *o = x->options;
  vx_store *s = x->store;
  return vx_query_run(s, o->run, x->arena, &x->run, error) &&
         vx_query_scoring(s, x->run.id, o->scoring, x->arena, &x->scoring, error) &&
         vx_setting_make(&x->scoring, &x->setting, error) && vx_origin_input(&x->run, &x->input, error) &&
         vx_query_methods_named(s, x->run.id, o->methods, x->arena, &x->methods, &x->method_count, error) &&
         vx_query_images(s, &x->run, NAN, x->arena, &x->set, error) && read_ids(x, error) && choose_images(x, error) &&
         check_format(x, error) &&
         (o->as != VX_EXPORT_OVERLAYS || vx_origin_open(&x->run, o->root, NULL, &x->origin, error));
}

/* ---- one map ----------------------------------------------------------------------------------------------------- */

static bool raise(exporting *x, const vx_method_row *method, const vx_map *map, int height, int width,
                  vx_error *error) {
  return vx_to_size_stored(&x->sized, map, method->is_mask, method->name, height, width, error);
}

static double mean_of(const vx_heat *heat) {
  double sum = 0;
  size_t pixels = (size_t)heat->height * (size_t)heat->width;
  for (size_t i = 0; i < pixels; i++) sum += heat->h[i];
  return sum / (double)pixels;
}

/* The threshold of a map that was not scored. */
static double threshold_of(const exporting *x, const vx_made_row *row) {
  const vx_threshold *t = &x->setting.scoring.threshold;
  if (!isnan(row->threshold)) return row->threshold;
  if (t->kind == VX_THRESHOLD_OTSU) return vx_threshold_otsu(&x->sized.heat);
  return t->kind == VX_THRESHOLD_FIXED ? t->value : mean_of(&x->sized.heat);
}

static bool make_scored(exporting *x, const vx_method_row *method, const vx_made_row *row, const vx_result *image,
                        made *to, vx_error *error) {
  vx_geometry size;
  if (!vx_setting_geometry(&x->setting, &x->input, image->width, image->height, &size, error) ||
      !raise(x, method, &row->map, size.height, size.width, error))
    return false;
  const vx_heat *heat = &x->sized.heat;
  size_t pixels = (size_t)heat->height * (size_t)heat->width;
  *to = (made){.bytes = true, .rows = heat->height, .columns = heat->width, .channels = 1, .values = heat->u};
  if (x->options->as == VX_EXPORT_SCORED) return true;
  uint8_t *mask = VX_TAKE(x->one, pixels, uint8_t);
  if (!mask) return out_of_memory(x, error);
  vx_threshold_mask(&x->setting.scoring.threshold, heat, threshold_of(x, row), mask);
  for (size_t i = 0; i < pixels; i++) mask[i] = mask[i] ? 255 : 0;
  to->values = mask;
  return true;
}

/* The part of the picture that the model saw, in its own proportions, with the map over it. */
static bool make_overlay(exporting *x, const vx_method_row *method, const vx_made_row *row, const vx_image_row *image,
                         made *to, vx_error *error) {
  const vx_voc_entry *entry = vx_origin_entry(&x->origin, image);
  vx_picture picture;
  vx_geometry g;
  if (!entry) return vx_fail(error, x->origin.voc.root, "has no image %s", image->image_id);
  if (!vx_picture_read_as(entry->image, (vx_exif)x->origin.config->exif, &picture, error)) return false;
  int side = picture.width > picture.height ? picture.width : picture.height;
  bool good = vx_frame_to_thumbnail(&x->input, picture.width, picture.height, side, &g, error);
  size_t pixels = good ? (size_t)g.width * (size_t)g.height : 0;
  uint8_t *rgb = good ? VX_TAKE(x->one, 3 * pixels, uint8_t) : NULL;
  if (good && !rgb) good = out_of_memory(x, error);
  good = good && vx_resize_rgb(picture.rgb, picture.width, picture.height, &g, VX_FILTER_BICUBIC, rgb, error) &&
         raise(x, method, &row->map, g.height, g.width, error);
  if (good) vx_overlay_blend(rgb, x->sized.heat.h, pixels, vx_colours_find(VX_COLOUR_DEFAULT), 0.5, rgb);
  vx_picture_free(&picture);
  *to = (made){.bytes = true, .rows = g.height, .columns = g.width, .channels = 3, .values = rgb};
  return good;
}

/* The map of an image as it is to be written; to->values NULL: there is none. */
static bool make(exporting *x, const vx_method_row *method, const vx_image_row *image, made *to, vx_error *error) {
  vx_made_row row;
  vx_result about;
  *to = (made){.values = NULL};
  vx_arena_reset(x->one);
  if (!vx_query_map(x->store, x->scoring.id, method->id, image->id, x->one, &row, error)) return false;
  if (row.map.kind == VX_MAP_NONE) return true;
  bool good = true;
  switch (x->options->as) {
  case VX_EXPORT_MAPS:
    *to =
        (made){.bytes = row.map.kind == VX_MAP_PIXEL, .rows = row.map.height, .columns = row.map.width, .channels = 1};
    to->values = to->bytes ? (const void *)row.map.levels : row.map.heat;
    break;
  case VX_EXPORT_OVERLAYS:
    good = make_overlay(x, method, &row, image, to, error);
    break;
  default:
    good = vx_image_read(x->store, image->id, x->one, &about, error) && make_scored(x, method, &row, &about, to, error);
  }
  to->target = row.target;
  return good;
}

static bool has_negative(const made *m) {
  size_t cells = (size_t)m->rows * (size_t)m->columns;
  const float *value = m->values;
  for (size_t i = 0; !m->bytes && i < cells; i++)
    if (value[i] < 0) return true;
  return false;
}

/* ---- a method ---------------------------------------------------------------------------------------------------- */

typedef struct place {
  exporting *x;
  const vx_method_row *method;
  char path[1024];   /* OUT/METHOD, without an ending */
  const int *images; /* [count] places in the set of those that have a map */
  int count;
  const char **names; /* [count] of members */
  FILE *table;
  char *text;
  size_t size;
} place;

/* An id as a file's name: as it is, but for one that would lead elsewhere. */
static void file_name(const char *id, char name[256]) {
  char safe[VX_SAFE_NAME];
  vx_safe_name(id, safe);
  bool odd = !*id || *id == '.' || strchr(id, '/') || strlen(id) > 200;
  snprintf(name, 256, "%s", odd ? safe : id);
}

/* A line of the table: image, file (unless in an archive), class. */
static void note_map(place *p, const vx_image_row *image, const char *file, const made *m) {
  vx_csv_cell(image->image_id, p->table);
  if (file) fputc(',', p->table);
  if (file) vx_csv_cell(file, p->table);
  if (p->method->class_specific) fprintf(p->table, ",%d", m->target);
  fputc('\n', p->table);
  p->x->report->maps++;
  if (strcmp(p->x->report->first_name, p->method->name) == 0 && has_negative(m)) p->x->report->is_signed = true;
}

static bool write_array(const char *path, const made *m, vx_error *error) {
  size_t bytes = (size_t)m->rows * (size_t)m->columns * (m->bytes ? 1 : sizeof(float));
  char *all = malloc(VX_NPY_HEADER + bytes);
  if (!all) return vx_fail(error, path, "out of memory");
  vx_npy_header(m->bytes, m->rows, m->columns, all);
  memcpy(all + VX_NPY_HEADER, m->values, bytes);
  bool good = vx_bytes_write(path, all, VX_NPY_HEADER + bytes, error);
  free(all);
  return good;
}

static bool write_files(place *p, vx_error *error) {
  exporting *x = p->x;
  bool png = x->options->format == VX_EXPORT_PNG;
  if (!vx_folder_make(p->path, error)) return false;
  for (int i = 0; i < p->count; i++) {
    const vx_image_row *image = &x->set.rows[p->images[i]];
    char stem[256], file[300], path[1400];
    made m;
    if (!make(x, p->method, image, &m, error)) return false;
    file_name(image->image_id, stem);
    snprintf(file, sizeof file, "%s.%s", stem, png ? "png" : "npy");
    snprintf(path, sizeof path, "%s/%s", p->path, file);
    const vx_image picture = {m.columns, m.rows, m.channels, m.values};
    if (!(png ? vx_png_write(path, &picture, error) : write_array(path, &m, error))) return false;
    note_map(p, image, file, &m);
    x->report->files++;
  }
  return true;
}

static const char *member_name(void *user, int index) {
  return ((const place *)user)->names[index];
}

static bool give_member(void *user, int index, vx_npz_member *member, vx_error *error) {
  place *p = user;
  const vx_image_row *image = &p->x->set.rows[p->images[index]];
  made m;
  if (!make(p->x, p->method, image, &m, error)) return false;
  *member = (vx_npz_member){.bytes = m.bytes, .rows = m.rows, .columns = m.columns, .values = m.values};
  note_map(p, image, NULL, &m);
  return true;
}

/* All maps of a method in memory, which the format's header in front of them asks for. */
static bool write_tensors(place *p, const char *path, vx_error *error) {
  exporting *x = p->x;
  vx_arena *all = vx_arena_new();
  vx_tensor *tensors = all ? VX_TAKE(all, p->count + 1, vx_tensor) : NULL;
  bool good = tensors || out_of_memory(x, error);
  for (int i = 0; good && i < p->count; i++) {
    const vx_image_row *image = &x->set.rows[p->images[i]];
    made m;
    if (!(good = make(x, p->method, image, &m, error))) break;
    size_t bytes = (size_t)m.rows * (size_t)m.columns * (m.bytes ? 1 : sizeof(float));
    void *copy = vx_arena_take(all, bytes, 1);
    if (!(good = copy || out_of_memory(x, error))) break;
    memcpy(copy, m.values, bytes);
    tensors[i] = (vx_tensor){.name = image->image_id,
                             .dtype = m.bytes ? VX_U8 : VX_F32,
                             .rank = 2,
                             .shape = {(size_t)m.rows, (size_t)m.columns},
                             .data = copy};
    note_map(p, image, NULL, &m);
  }
  good = good && vx_tensors_write(path, tensors, p->count, error);
  vx_arena_free(all);
  return good;
}

/* An archive, and the table of classes beside it. */
static bool write_archive(place *p, vx_error *error) {
  bool npz = p->x->options->format == VX_EXPORT_NPZ;
  char path[1400];
  snprintf(path, sizeof path, "%s.%s", p->path, npz ? "npz" : "safetensors");
  p->x->report->files++;
  return npz ? vx_npz_write(path, p->count, member_name, give_member, p, error) : write_tensors(p, path, error);
}

/* Which images have a map, and what they are called in an archive. */
static bool list_images(place *p, vx_error *error) {
  exporting *x = p->x;
  int *images = VX_TAKE(x->arena, x->set.count + 1, int);
  p->names = VX_TAKE(x->arena, x->set.count + 1, const char *);
  p->images = images;
  if (!images || !p->names) return out_of_memory(x, error);
  for (int i = 0; i < x->set.count; i++) {
    const vx_image_row *image = &x->set.rows[i];
    vx_made_row row;
    vx_arena_reset(x->one);
    if (!vx_query_map(x->store, x->scoring.id, p->method->id, image->id, x->one, &row, error)) return false;
    if (row.map.kind == VX_MAP_NONE) continue;
    char *name = VX_TAKE(x->arena, strlen(image->image_id) + 5, char);
    if (!name) return out_of_memory(x, error);
    sprintf(name, "%s.npy", image->image_id);
    p->names[p->count] = name;
    images[p->count++] = i;
  }
  return true;
}

/* What vitx import takes of it. */
static void note_first(place *p, bool files) {
  vx_export_report *r = p->x->report;
  const vx_method_row *m = p->method;
  if (p->x->options->as == VX_EXPORT_OVERLAYS || *r->first_name || !p->count) return;
  snprintf(r->first_name, sizeof r->first_name, "%s", m->name);
  snprintf(r->first, sizeof r->first, "%s%s", p->path,
           files                                    ? "/maps.csv"
           : p->x->options->format == VX_EXPORT_NPZ ? ".npz"
                                                    : ".safetensors");
  r->is_mask = m->is_mask || p->x->options->as == VX_EXPORT_MASKS;
  r->explains = m->class_specific;
  if (m->class_specific && !files) snprintf(r->targets, sizeof r->targets, "%s.csv", p->path);
}

static bool write_method(exporting *x, const vx_method_row *method, const char *name, vx_error *error) {
  bool files = x->options->format == VX_EXPORT_NPY || x->options->format == VX_EXPORT_PNG;
  place p = {.x = x, .method = method};
  snprintf(p.path, sizeof p.path, "%.900s/%s", x->options->out, name);
  if (!list_images(&p, error)) return false;
  note_first(&p, files);
  if (!(p.table = open_memstream(&p.text, &p.size))) return out_of_memory(x, error);
  fprintf(p.table, "image%s%s\n", files ? ",file" : "", method->class_specific ? ",target" : "");
  bool good = files ? write_files(&p, error) : write_archive(&p, error);
  good = (fclose(p.table) == 0 || (good && out_of_memory(x, error))) && good;
  char path[1400];
  snprintf(path, sizeof path, files ? "%s/maps.csv" : "%s.csv", p.path);
  bool wanted = x->options->as != VX_EXPORT_OVERLAYS && (files || method->class_specific);
  good = good && (!wanted || vx_bytes_write(path, p.text, p.size, error));
  x->report->files += good && wanted;
  free(p.text);
  return good;
}

static bool write_methods(exporting *x, vx_error *error) {
  char(*names)[VX_SAFE_NAME] = vx_arena_take(x->arena, (size_t)x->method_count + 1, sizeof *names);
  if (!names) return out_of_memory(x, error);
  for (int i = 0; i < x->method_count; i++) {
    vx_safe_name(x->methods[i].name, names[i]);
    vx_safe_distinct((const char(*)[VX_SAFE_NAME])names, (size_t)i, names[i]);
    if (!write_method(x, &x->methods[i], names[i], error)) return false;
    x->report->methods++;
  }
  return true;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static bool write_table(exporting *x, vx_error *error) {
  bool predictions = x->options->as == VX_EXPORT_PREDICTIONS;
  char *text = NULL, path[1024];
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  if (!to) return out_of_memory(x, error);
  bool good = vx_csv_print(x->store, predictions ? VX_CSV_PREDICTIONS : VX_CSV_SCORES, &x->run, x->scoring.id,
                           x->methods, x->method_count, x->ids, x->id_count, to, error);
  good = (fclose(to) == 0 || (good && out_of_memory(x, error))) && good;
  snprintf(path, sizeof path, "%.900s/%s.csv", x->options->out, predictions ? "predictions" : "scores");
  good = good && vx_bytes_write(path, text, size, error);
  x->report->files += good;
  free(text);
  return good;
}

bool vx_export(vx_store *store, const vx_export_options *options, vx_export_report *report, vx_error *error) {
  *report = (vx_export_report){0};
  exporting x = {.store = store, .options = options, .report = report, .arena = vx_arena_new(), .one = vx_arena_new()};
  bool good = (x.arena && x.one) || out_of_memory(&x, error);
  good = good && open_run(&x, error) && vx_folder_make(options->out, error) &&
         (is_table(options->as) ? write_table(&x, error) : write_methods(&x, error));
  vx_origin_close(&x.origin);
  vx_sized_free(&x.sized);
  vx_arena_free(x.one);
  vx_arena_free(x.arena);
  return good;
}
