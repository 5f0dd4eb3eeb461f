#include "harness/data/maps.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/safetensors.h"
#include "harness/data/npz.h"
#include "harness/data/png.h"

enum { ENTRIES = 20000000 };

typedef struct entry {
  vx_maps_entry is;
  int member; /* of the archive; -1: a file of its own, `place` */
} entry;

struct vx_maps {
  vx_arena *arena; /* owns every text */
  entry *entries;
  int count, room, left_out;
  vx_npz *npz;
  vx_tensors *tensors;
};

static bool out_of_memory(const char *path, vx_error *error) {
  return vx_fail(error, path, "out of memory");
}

static bool ends_in(const char *name, const char *ending) {
  size_t length = strlen(name), tail = strlen(ending);
  return length > tail && strcasecmp(name + length - tail, ending) == 0;
}

/* The length of a map's name without its ending; 0: no map by its ending. */
static size_t stem_of(const char *name) {
  static const char *const endings[] = {".npy", ".png", ".safetensors"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (ends_in(name, endings[i])) return strlen(name) - strlen(endings[i]);
  return 0;
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

static bool add(vx_maps *maps, const char *name, size_t length, const char *place, const char *target, int member,
                vx_error *error) {
  if (maps->count == maps->room) {
    int room = maps->room ? 2 * maps->room : 256;
    entry *more = room <= ENTRIES ? realloc(maps->entries, (size_t)room * sizeof *more) : NULL;
    if (!more) return out_of_memory(place, error);
    maps->entries = more;
    maps->room = room;
  }
  char *own = VX_TAKE(maps->arena, length + 1, char);
  entry *e = &maps->entries[maps->count++];
  *e = (entry){.is = {own, target ? vx_arena_text(maps->arena, target) : NULL, vx_arena_text(maps->arena, place)},
               .member = member};
  if (!own || !e->is.place || (target && !e->is.target)) return out_of_memory(place, error);
  memcpy(own, name, length);
  own[length] = '\0';
  return true;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const entry *)a)->is.name, ((const entry *)b)->is.name);
}

/* Every file below the folder that is a map by its ending. */
static bool walk(vx_maps *maps, const char *path, vx_error *error) {
  char *roots[] = {(char *)path, NULL};
  FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
  bool good = tree || vx_fail(error, path, "cannot be read: %s", strerror(errno));
  size_t skip = strlen(path);
  for (FTSENT *e; good && (e = fts_read(tree));) {
    if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
      good = vx_fail(error, e->fts_path, "cannot be read: %s", strerror(e->fts_errno));
    if (e->fts_level > 0 && e->fts_name[0] == '.') {
      fts_set(tree, e, FTS_SKIP);
      continue;
    }
    if (e->fts_info != FTS_F) continue;
    const char *name = e->fts_path + skip;
    while (*name == '/') name++;
    size_t length = stem_of(name);
    if (length)
      good = add(maps, name, length, e->fts_path, NULL, -1, error);
    else
      maps->left_out++;
  }
  if (tree) fts_close(tree);
  return good;
}

static bool list_npz(vx_maps *maps, const char *path, vx_error *error) {
  if (!(maps->npz = vx_npz_open(path, error))) return false;
  for (int i = 0; i < vx_npz_count(maps->npz); i++) {
    const char *name = vx_npz_name(maps->npz, i);
    bool map = ends_in(name, ".npy");
    maps->left_out += !map;
    if (map && !add(maps, name, strlen(name) - 4, path, NULL, i, error)) return false;
  }
  return true;
}

static bool list_tensors(vx_maps *maps, const char *path, vx_error *error) {
  if (!(maps->tensors = vx_tensors_open(path, error))) return false;
  for (int i = 0; i < vx_tensors_count(maps->tensors); i++) {
    const char *name = vx_tensors_at(maps->tensors, i)->name;
    if (!add(maps, name, strlen(name), path, NULL, i, error)) return false;
  }
  return true;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

enum { COLUMNS = 64 };

/* Cuts a line in place, at commas or at tabs, quotes taken off. The number of its cells, at most COLUMNS. */
static int cells_of(char *line, char mark, char *cell[COLUMNS]) {
  int count = 0;
  for (char *at = line; count < COLUMNS; at++) {
    char *to = at;
    bool quoted = *at == '"';
    if (quoted) {
      cell[count++] = to;
      for (at++; *at && !(*at == '"' && at[1] != '"'); at++) {
        if (*at == '"') at++;
        *to++ = *at;
      }
      if (*at) at++;
      while (*at && *at != mark) at++;
    } else {
      cell[count++] = at;
      while (*at && *at != mark) at++;
      to = at;
    }
    char end = *at;
    *to = '\0';
    cell[count - 1] = vx_trim(cell[count - 1]);
    if (end != mark) break;
  }
  return count;
}

static int column_of(char **cell, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (vx_same_name(cell[i], name)) return i;
  return -1;
}

/* The file of a line: as it stands, or beside the table. */
static char *file_of(const char *table, const char *name) {
  const char *slash = strrchr(table, '/');
  if (*name == '/' || !slash) return strdup(name);
  char *folder = strndup(table, (size_t)(slash - table) + 1), *path = folder ? vx_path_join(folder, name, NULL) : NULL;
  free(folder);
  return path;
}

static bool add_line(vx_maps *maps, const char *path, int number, const char *image, const char *file,
                     const char *target, vx_error *error) {
  char where[600];
  snprintf(where, sizeof where, "%s: line %d", path, number);
  if (!*image || (file && !*file)) return vx_fail(error, where, "names no %s", *image ? "file" : "image");
  if (file && !stem_of(file))
    return vx_fail(error, where, "'%.200s' is no map by its ending: expected .npy, .png or .safetensors", file);
  char *place = file ? file_of(path, file) : strdup(where);
  bool good = place ? add(maps, image, strlen(image), place, target, -1, error) : out_of_memory(path, error);
  free(place);
  return good;
}

static bool list_table(vx_maps *maps, const char *path, bool files, vx_error *error) {
  vx_file file;
  vx_lines lines;
  if (!vx_text_read(path, &file, error)) return false;
  bool good = vx_lines_open(&file, path, &lines, error);
  int image = -1, from = -1, target = -1;
  char mark = ',';
  for (char *line, *cell[COLUMNS]; good && (line = vx_lines_next(&lines));) {
    if (lines.number == 1) mark = strchr(line, '\t') ? '\t' : ',';
    bool empty = !*line;
    int count = cells_of(line, mark, cell);
    if (lines.number == 1) {
      image = column_of(cell, count, "image");
      from = files ? column_of(cell, count, "file") : -1;
      target = column_of(cell, count, "target");
      if (image < 0 || (files ? from : target) < 0)
        good = vx_fail(error, path, "line 1: expected the columns image, %s", files ? "file (and target)" : "target");
      continue;
    }
    if (empty) continue;
    if (image >= count || from >= count || target >= count)
      good = vx_fail(error, path, "line %d: has %d cells, fewer than the first line names", lines.number, count);
    else
      good = add_line(maps, path, lines.number, cell[image], from < 0 ? NULL : cell[from],
                      target < 0 ? NULL : cell[target], error);
  }
  vx_file_free(&file);
  return good;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static bool fill(vx_maps *maps, const char *path, vx_error *error) {
  bool good;
  if (vx_folder_exists(path))
    good = walk(maps, path, error);
  else if (!vx_file_exists(path))
    return vx_fail(error, path, "no such file or folder");
  else if (ends_in(path, ".npz"))
    good = list_npz(maps, path, error);
  else if (ends_in(path, ".safetensors"))
    good = list_tensors(maps, path, error);
  else if (ends_in(path, ".csv") || ends_in(path, ".tsv"))
    return list_table(maps, path, true, error) && (maps->count || vx_fail(error, path, "names no map"));
  else
    return vx_fail(error, path,
                   "is none of what maps are read from: a folder of .npy, .png or .safetensors, one .npz or "
                   ".safetensors, a table (.csv); tools/maps_from.py converts .h5, .pkl and .pth");
  if (!good) return false;
  if (!maps->count)
    return vx_fail(error, path, "holds no map (.npy, .png, .safetensors), but %d other%s", maps->left_out,
                   maps->left_out == 1 ? "" : "s");
  qsort(maps->entries, (size_t)maps->count, sizeof *maps->entries, by_name);
  return true;
}

static vx_maps *open_any(const char *path, bool targets, vx_error *error) {
  vx_maps *maps = calloc(1, sizeof *maps);
  if (maps) maps->arena = vx_arena_new();
  bool good = maps && maps->arena ? (targets ? list_table(maps, path, false, error) : fill(maps, path, error))
                                  : out_of_memory(path, error);
  if (good) return maps;
  vx_maps_close(maps);
  return NULL;
}

vx_maps *vx_maps_open(const char *path, vx_error *error) {
  return open_any(path, false, error);
}

vx_maps *vx_maps_targets(const char *path, vx_error *error) {
  return open_any(path, true, error);
}

void vx_maps_close(vx_maps *maps) {
  if (!maps) return;
  vx_npz_close(maps->npz);
  vx_tensors_close(maps->tensors);
  vx_arena_free(maps->arena);
  free(maps->entries);
  free(maps);
}

int vx_maps_count(const vx_maps *maps) {
  return maps->count;
}

const vx_maps_entry *vx_maps_at(const vx_maps *maps, int index) {
  return &maps->entries[index].is;
}

int vx_maps_left_out(const vx_maps *maps) {
  return maps->left_out;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool read_tensor(const vx_tensor *tensor, const char *place, vx_array *array, vx_error *error) {
  char name[600];
  uint64_t shape[VX_RANK_MAX], rows, columns;
  snprintf(name, sizeof name, "%s: %s", place, tensor->name);
  for (int i = 0; i < tensor->rank; i++) shape[i] = tensor->shape[i];
  if (!vx_array_shape(shape, tensor->rank, &rows, &columns, name, error) ||
      !vx_array_take(array, rows, columns, name, error))
    return false;
  array->bytes = tensor->dtype == VX_U8;
  return vx_tensor_to_double(tensor, array->value) || vx_fail(error, name, "holds numbers of a type that is not read");
}

static bool read_tensor_file(const char *path, vx_array *array, vx_error *error) {
  vx_tensors *file = vx_tensors_open(path, error);
  if (!file) return false;
  int count = vx_tensors_count(file);
  bool good = count == 1 ? read_tensor(vx_tensors_at(file, 0), path, array, error)
                         : vx_fail(error, path, "holds %d tensors, expected one: the map", count);
  vx_tensors_close(file);
  return good;
}

static bool read_png(const vx_file *file, const char *path, vx_array *array, vx_error *error) {
  vx_png_samples png;
  if (!vx_png_samples_decode(file->data, file->size, path, &png, error)) return false;
  bool good = png.channels == 1 && !png.palette
                  ? vx_array_take(array, (uint64_t)png.height, (uint64_t)png.width, path, error)
                  : vx_fail(error, path, "is a picture in colours%s, expected grey: numbers, not what they look like",
                            png.palette         ? " (a palette)"
                            : png.channels == 2 ? " (with alpha)"
                                                : "");
  size_t cells = good ? (size_t)png.height * (size_t)png.width : 0;
  for (size_t i = 0; i < cells; i++)
    array->value[i] = png.depth == 16 ? png.bytes[2 * i] << 8 | png.bytes[2 * i + 1] : png.bytes[i];
  array->bytes = png.depth == 8;
  free(png.bytes);
  return good;
}

static bool read_file(const char *path, vx_array *array, vx_error *error) {
  vx_file file;
  if (ends_in(path, ".safetensors")) return read_tensor_file(path, array, error);
  if (!vx_file_read(path, VX_NPY_BYTES, &file, error)) return false;
  bool good = ends_in(path, ".npy") ? vx_npy_decode(file.data, file.size, path, array, error)
                                    : read_png(&file, path, array, error);
  vx_file_free(&file);
  return good;
}

bool vx_maps_read(vx_maps *maps, int index, vx_array *array, vx_error *error) {
  const entry *e = &maps->entries[index];
  if (maps->npz) return vx_npz_read(maps->npz, e->member, array, error);
  if (maps->tensors) return read_tensor(vx_tensors_at(maps->tensors, e->member), e->is.place, array, error);
  return read_file(e->is.place, array, error);
}
