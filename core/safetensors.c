#include "core/safetensors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct vx_tensors {
  char *path;
  uint8_t *map;
  size_t size;
  json_t *header;
  vx_tensor *list;
  int count;
  vx_tensors **part; /* of a checkpoint in several files: whose tensors the list shows */
  int part_count;
};

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {[VX_F64] = {"F64", 8}, [VX_F32] = {"F32", 4}, [VX_F16] = {"F16", 2}, [VX_BF16] = {"BF16", 2},
              [VX_I64] = {"I64", 8}, [VX_I32] = {"I32", 4}, [VX_U8] = {"U8", 1},   [VX_DTYPE_OTHER] = {"other", 0}};

const char *vx_dtype_name(vx_dtype dtype) {
  return dtypes[dtype].name;
}

size_t vx_dtype_size(vx_dtype dtype) {
  return dtypes[dtype].size;
}

static vx_dtype dtype_find(const char *name) {
  for (int i = 0; i < VX_DTYPE_OTHER; i++)
    if (strcmp(dtypes[i].name, name) == 0) return (vx_dtype)i;
  return VX_DTYPE_OTHER;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static bool map_file(vx_tensors *t, vx_error *error) {
  int fd = open(t->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return vx_fail(error, t->path, "cannot be opened: %s", strerror(errno));
  struct stat info;
  bool ok = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  if (!ok) {
    vx_fail(error, t->path, "is not a regular file");
  } else if (info.st_size < 9) {
    ok = vx_fail(error, t->path, "has %lld bytes, too few for a safetensors header", (long long)info.st_size);
  } else {
    t->size = (size_t)info.st_size;
    void *map = mmap(NULL, t->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
      ok = vx_fail(error, t->path, "cannot be mapped: %s", strerror(errno));
    else
      t->map = map;
  }
  close(fd);
  return ok;
}

/* One entry of the header: {"dtype": …, "shape": […], "data_offsets": [begin, end]}; `data` is what follows the header.
 */
static bool read_entry(const vx_tensors *t, const char *name, json_t *entry, const uint8_t *data, size_t data_size,
                       vx_tensor *tensor, vx_error *error) {
  const char *where = vx_where(error, "%s: tensor %s", t->path, name);
  const char *dtype = json_string_value(json_object_get(entry, "dtype"));
  json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
  if (!dtype) return vx_fail(error, where, "field dtype is missing or not a string");
  if (!json_is_array(shape) || json_array_size(shape) > VX_RANK_MAX)
    return vx_fail(error, where, "field shape is missing or not a list of at most %d sizes", VX_RANK_MAX);
  if (!json_is_array(offsets) || json_array_size(offsets) != 2 || !json_is_integer(json_array_get(offsets, 0)) ||
      !json_is_integer(json_array_get(offsets, 1)))
    return vx_fail(error, where, "field data_offsets is missing or not two integers");

  *tensor = (vx_tensor){.name = name, .dtype = dtype_find(dtype), .rank = (int)json_array_size(shape), .count = 1};
  for (int i = 0; i < tensor->rank; i++) {
    json_t *side = json_array_get(shape, (size_t)i);
    if (!json_is_integer(side) || json_integer_value(side) < 0)
      return vx_fail(error, where, "shape[%d] is not a size", i);
    tensor->shape[i] = (size_t)json_integer_value(side);
    if (__builtin_mul_overflow(tensor->count, tensor->shape[i], &tensor->count))
      return vx_fail(error, where, "the shape's product is too large");
  }
  json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
             end = json_integer_value(json_array_get(offsets, 1));
  if (begin < 0 || end < begin || (size_t)end > data_size)
    return vx_fail(error, where, "data_offsets [%lld, %lld] leave the %zu bytes of data", (long long)begin,
                   (long long)end, data_size);
  size_t bytes = 0, size = dtypes[tensor->dtype].size;
  if (size && (__builtin_mul_overflow(tensor->count, size, &bytes) || bytes != (size_t)(end - begin)))
    return vx_fail(error, where, "data_offsets span %lld bytes, dtype and shape need %zu", (long long)(end - begin),
                   bytes);
  tensor->data = data + begin;
  tensor->bytes = (size_t)(end - begin);
  return true;
}

static int by_place(const void *a, const void *b) {
  const vx_tensor *x = *(const vx_tensor *const *)a, *y = *(const vx_tensor *const *)b;
  if (x->data != y->data) return x->data < y->data ? -1 : 1;
  return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* The tensors must fill the data exactly: an overlap or a gap means that an offset is wrong. */
static bool check_cover(const vx_tensors *t, const uint8_t *data, size_t data_size, vx_error *error) {
  const vx_tensor **order = calloc((size_t)t->count + 1, sizeof *order);
  if (!order) return vx_fail(error, t->path, "out of memory");
  for (int i = 0; i < t->count; i++) order[i] = &t->list[i];
  qsort(order, (size_t)t->count, sizeof *order, by_place);
  size_t end = 0;
  bool ok = true;
  for (int i = 0; ok && i < t->count; i++) {
    size_t begin = (size_t)((const uint8_t *)order[i]->data - data);
    if (begin != end)
      ok = vx_fail(error, vx_where(error, "%s: tensor %s", t->path, order[i]->name),
                   "data_offsets begin at %zu, expected %zu, where the tensor before it ends", begin, end);
    end = begin + order[i]->bytes;
  }
  free(order);
  if (ok && end != data_size)
    ok = vx_fail(error, t->path, "the header describes %zu bytes of data, the file has %zu", end, data_size);
  return ok;
}

static bool read_header(vx_tensors *t, vx_error *error) {
  uint64_t length = 0;
  if (vx_is_lfs_pointer(t->map, t->size)) return vx_fail(error, t->path, VX_LFS_POINTER);
  for (int i = 7; i >= 0; i--) length = length << 8 | t->map[i];
  if (length > t->size - 8)
    return vx_fail(error, t->path, "header length is %llu, but only %zu bytes follow", (unsigned long long)length,
                   t->size - 8);
  json_error_t where;
  t->header = json_loadb((const char *)t->map + 8, (size_t)length, JSON_REJECT_DUPLICATES, &where);
  if (!json_is_object(t->header))
    return vx_fail(error, vx_where(error, "%s: header byte %d", t->path, t->header ? 0 : where.position),
                   "is not a JSON object: %s", t->header ? "another JSON value" : where.text);
  t->list = calloc(json_object_size(t->header) + 1, sizeof *t->list);
  if (!t->list) return vx_fail(error, t->path, "out of memory");
  const uint8_t *data = t->map + 8 + length;
  const char *name;
  json_t *entry;
  json_object_foreach(t->header, name, entry) {
    if (strcmp(name, "__metadata__") == 0) continue;
    if (!read_entry(t, name, entry, data, t->size - 8 - (size_t)length, &t->list[t->count], error)) return false;
    t->count++;
  }
  return check_cover(t, data, t->size - 8 - (size_t)length, error);
}

void vx_tensors_close(vx_tensors *t) {
  if (!t) return;
  for (int i = 0; i < t->part_count; i++) vx_tensors_close(t->part[i]);
  free(t->part);
  if (t->map) munmap(t->map, t->size);
  json_decref(t->header);
  free(t->list);
  free(t->path);
  free(t);
}

/* ---- folders ------------------------------------------------------------------------------------------------- */

/* The file of a checkpoint in parts, opened once. `name` comes from the index and has to lie beside it. */
static vx_tensors *open_part(vx_tensors *t, const char *folder, const char *name, vx_error *error) {
  char *path = name && !strchr(name, '/') ? vx_path_join(folder, name, NULL) : NULL;
  vx_tensors *part = NULL;
  if (!path)
    return vx_fail(error, t->path, "weight_map names '%.100s', expected a file beside it", name ? name : "no text"),
           NULL;
  for (int i = 0; i < t->part_count && !part; i++)
    if (strcmp(t->part[i]->path, path) == 0) part = t->part[i];
  if (!part && (part = vx_tensors_open(path, error))) t->part[t->part_count++] = part;
  free(path);
  return part;
}

static bool read_index(vx_tensors *t, const char *folder, vx_error *error) {
  json_error_t where;
  t->header = json_load_file(t->path, JSON_REJECT_DUPLICATES, &where);
  const json_t *map = json_object_get(t->header, "weight_map");
  if (!t->header)
    return vx_fail(error, vx_where(error, "%s: line %d", t->path, where.line), "is not JSON: %s", where.text);
  if (!json_is_object(map) || json_object_size(map) == 0)
    return vx_fail(error, t->path, "has no weight_map of tensors to files");
  t->list = calloc(json_object_size(map), sizeof *t->list);
  t->part = calloc(json_object_size(map), sizeof(vx_tensors *));
  if (!t->list || !t->part) return vx_fail(error, t->path, "out of memory");
  const char *name;
  json_t *file;
  json_object_foreach((json_t *)map, name, file) {
    const vx_tensors *part = open_part(t, folder, json_string_value(file), error);
    if (!part) return false;
    const vx_tensor *tensor = vx_tensors_find(part, name);
    if (!tensor)
      return vx_fail(error, vx_where(error, "%s: tensor %s", t->path, name), "is not in the file it names, %.200s",
                     json_string_value(file));
    t->list[t->count++] = *tensor;
  }
  return true;
}

/* `folder`: of the parts, when the file is an index; NULL: it has the tensors itself. */
static vx_tensors *open_as(const char *path, const char *folder, vx_error *error) {
  vx_tensors *t = calloc(1, sizeof *t);
  bool ok = (t && (t->path = strdup(path))) || vx_fail(error, path, "out of memory");
  if (ok && (folder ? read_index(t, folder, error) : map_file(t, error) && read_header(t, error))) return t;
  vx_tensors_close(t);
  return NULL;
}

vx_tensors *vx_tensors_open(const char *path, vx_error *error) {
  return open_as(path, NULL, error);
}

/* There are no safetensors: says which other weights lie there. */
static void fail_folder(const char *folder, const char *path, vx_error *error) {
  static const char *const endings[] = {".bin", ".pth", ".pt", ".ckpt", ".bin.index.json"};
  DIR *entries = opendir(folder);
  char other[300] = "";
  for (const struct dirent *e; entries && (e = readdir(entries));)
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
      size_t length = strlen(e->d_name), end = strlen(endings[i]);
      bool fits = length > end && strcmp(e->d_name + length - end, endings[i]) == 0 && !strstr(e->d_name, "training");
      if (fits && (!other[0] || strcmp(e->d_name, other) < 0)) snprintf(other, sizeof other, "%s", e->d_name);
    }
  if (entries) closedir(entries);
  if (other[0])
    vx_fail(error, path,
            "is not there, but %.100s is, in PyTorch's own format: convert it once with "
            "`python3 tools/to_safetensors.py %.200s`",
            other, folder);
  else
    vx_fail(error, path, "cannot be opened: %s", strerror(ENOENT));
}

vx_tensors *vx_tensors_open_folder(const char *folder, vx_error *error) {
  char *whole = vx_path_join(folder, "model.safetensors", NULL),
       *index = vx_path_join(folder, "model.safetensors.index.json", NULL);
  vx_tensors *t = NULL;
  if (!whole || !index)
    vx_fail(error, folder, "out of memory");
  else if (access(whole, F_OK) == 0)
    t = vx_tensors_open(whole, error);
  else if (access(index, F_OK) == 0)
    t = open_as(index, folder, error);
  else
    fail_folder(folder, whole, error);
  free(whole);
  free(index);
  return t;
}

bool vx_tensors_strip(vx_tensors *t, const char *prefix) {
  size_t length = strlen(prefix);
  for (int i = 0; i < t->count; i++)
    if (strncmp(t->list[i].name, prefix, length) != 0) return false;
  for (int i = 0; i < t->count; i++) t->list[i].name += length;
  return t->count > 0;
}

const char *vx_tensors_path(const vx_tensors *t) {
  return t->path;
}

int vx_tensors_count(const vx_tensors *t) {
  return t->count;
}

const vx_tensor *vx_tensors_at(const vx_tensors *t, int index) {
  return &t->list[index];
}

const vx_tensor *vx_tensors_find(const vx_tensors *t, const char *name) {
  for (int i = 0; i < t->count; i++)
    if (strcmp(t->list[i].name, name) == 0) return &t->list[i];
  return NULL;
}

/* ---- conversion --------------------------------------------------------------------------------------------- */

static float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 half to single, subnormals, infinities and NaN included. */
static float half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 31) return float_from_bits(sign | 0x7f800000 | fraction << 13);
  if (exponent) return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
  float value = (float)fraction * 0x1p-24f;
  return sign ? -value : value;
}

/* Element i as a double; every supported dtype converts exactly except large I64. */
static double element(const vx_tensor *t, size_t i) {
  const uint8_t *p = (const uint8_t *)t->data + i * dtypes[t->dtype].size;
  union {
    double f64;
    float f32;
    uint16_t u16;
    int64_t i64;
    int32_t i32;
  } bits;
  memcpy(&bits, p, dtypes[t->dtype].size);
  switch (t->dtype) {
  case VX_F64:
    return bits.f64;
  case VX_F32:
    return (double)bits.f32;
  case VX_F16:
    return (double)half_to_float(bits.u16);
  case VX_BF16:
    return (double)float_from_bits((uint32_t)bits.u16 << 16);
  case VX_I64:
    return (double)bits.i64;
  case VX_I32:
    return bits.i32;
  default:
    return *p;
  }
}

bool vx_tensor_to_double(const vx_tensor *tensor, double *out) {
  if (tensor->dtype == VX_DTYPE_OTHER) return false;
  for (size_t i = 0; i < tensor->count; i++) out[i] = element(tensor, i);
  return true;
}

bool vx_tensor_to_float(const vx_tensor *tensor, float *out) {
  if (tensor->dtype == VX_DTYPE_OTHER) return false;
  if (tensor->dtype == VX_F32) {
    memcpy(out, tensor->data, tensor->count * sizeof *out);
  } else {
    for (size_t i = 0; i < tensor->count; i++) out[i] = (float)element(tensor, i);
  }
  return true;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* NULL when memory is out or a name is not UTF-8. */
static char *header_text(const vx_tensor *tensors, int count) {
  json_t *header = json_object();
  size_t offset = 0;
  bool ok = header != NULL;
  for (int i = 0; i < count; i++) {
    json_t *shape = json_array();
    size_t bytes = dtypes[tensors[i].dtype].size;
    for (int k = 0; k < tensors[i].rank; k++) {
      ok = json_array_append_new(shape, json_integer((json_int_t)tensors[i].shape[k])) == 0 && ok;
      bytes *= tensors[i].shape[k];
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", dtypes[tensors[i].dtype].name, "shape", shape,
                              "data_offsets", (json_int_t)offset, (json_int_t)(offset + bytes));
    ok = ok && entry && json_object_set_new(header, tensors[i].name, entry) == 0;
    offset += bytes;
  }
  /* Not json_dumps: where memory runs out under it, it leaves out a key without a word. */
  size_t size = ok ? json_dumpb(header, NULL, 0, JSON_COMPACT) : 0;
  char *text = size ? calloc(size + 1, 1) : NULL;
  if (text) json_dumpb(header, text, size, JSON_COMPACT);
  json_decref(header);
  return text;
}

static bool write_all(FILE *file, const vx_tensor *tensors, int count, const char *text) {
  size_t length = strlen(text), padded = (length + 7) / 8 * 8; /* data then starts at a multiple of 8 */
  uint8_t prefix[8];
  for (int i = 0; i < 8; i++) prefix[i] = (uint8_t)(padded >> (8 * i));
  bool ok = fwrite(prefix, 1, 8, file) == 8 && fwrite(text, 1, length, file) == length;
  for (size_t i = length; ok && i < padded; i++) ok = fputc(' ', file) != EOF;
  for (int i = 0; ok && i < count; i++) {
    size_t elements = 1, size = dtypes[tensors[i].dtype].size;
    for (int k = 0; k < tensors[i].rank; k++) elements *= tensors[i].shape[k];
    ok = elements == 0 || fwrite(tensors[i].data, size, elements, file) == elements;
  }
  return ok;
}

bool vx_tensors_write(const char *path, const vx_tensor *tensors, int count, vx_error *error) {
  char *text = header_text(tensors, count), *temporary = NULL;
  if (!text || asprintf(&temporary, "%s.partial", path) < 0) {
    free(text);
    return vx_fail(error, path, "cannot be written: %s", text ? "out of memory" : "a tensor's name is not UTF-8");
  }
  FILE *file = fopen(temporary, "wb");
  bool ok = file && write_all(file, tensors, count, text);
  if (file && fclose(file) != 0) ok = false;
  if (ok) ok = rename(temporary, path) == 0;
  if (!ok) {
    vx_fail(error, path, "cannot be written: %s", strerror(errno));
    if (file) remove(temporary);
  }
  free(temporary);
  free(text);
  return ok;
}
