#include "harness/data/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 65536, RANK = 8 };

/* ---- arrays ------------------------------------------------------------------------------------------------------ */

bool vx_array_take(vx_array *array, uint64_t rows, uint64_t columns, const char *name, vx_error *error) {
  if (rows < 1 || columns < 1 || rows > SIDE || columns > SIDE || rows * columns > VX_ARRAY_CELLS)
    return vx_fail(error, name,
                   "has %" PRIu64 " x %" PRIu64 " values, expected sides from 1 to %d and at most %" PRIu64, columns,
                   rows, SIDE, VX_ARRAY_CELLS);
  size_t cells = (size_t)(rows * columns);
  array->rows = (int)rows;
  array->columns = (int)columns;
  array->bytes = false;
  if (cells <= array->room) return true;
  free(array->value);
  array->value = malloc(cells * sizeof *array->value);
  array->room = array->value ? cells : 0;
  return array->value || vx_fail(error, name, "out of memory for %zu values", cells);
}

void vx_array_free(vx_array *array) {
  free(array->value);
  *array = (vx_array){0};
}

bool vx_array_shape(const uint64_t *shape, int rank, uint64_t *rows, uint64_t *columns, const char *name,
                    vx_error *error) {
  uint64_t side[2] = {0, 0};
  int first = 0, last = rank;
  while (last - first > 2 && shape[first] == 1) first++;
  while (last - first > 2 && shape[last - 1] == 1) last--;
  if (last - first != 2) {
    char text[RANK * 24] = "";
    for (int i = 0; i < rank; i++) {
      size_t used = strlen(text);
      snprintf(text + used, sizeof text - used, "%s%" PRIu64, i ? ", " : "", shape[i]);
    }
    return vx_fail(error, name, "has the shape (%s), expected rows and columns: one map, no channels", text);
  }
  for (int i = 0; i < 2; i++) side[i] = shape[first + i];
  *rows = side[0];
  *columns = side[1];
  return true;
}

/* ---- the header -------------------------------------------------------------------------------------------------- */

typedef struct header {
  char kind; /* f, u, i, b */
  int size;  /* bytes a number */
  bool big_endian, by_column;
  int rank;
  uint64_t shape[RANK];
} header;

/* The text that is left of a header. */
typedef struct text {
  const char *at, *end;
} text;

static void skip_blanks(text *t) {
  while (t->at < t->end && (*t->at == ' ' || *t->at == '\t' || *t->at == '\n' || *t->at == '\r')) t->at++;
}

static bool take(text *t, char c) {
  skip_blanks(t);
  if (t->at == t->end || *t->at != c) return false;
  t->at++;
  return true;
}

/* A text in quotes, without any escape. */
static bool take_quoted(text *t, char *word, size_t size) {
  skip_blanks(t);
  if (t->at == t->end || (*t->at != '\'' && *t->at != '"')) return false;
  char quote = *t->at++;
  size_t length = 0;
  for (; t->at < t->end && *t->at != quote; t->at++) {
    if (length + 1 == size) return false;
    word[length++] = *t->at;
  }
  word[length] = '\0';
  return take(t, quote);
}

static bool take_word(text *t, const char *word) {
  size_t length = strlen(word);
  skip_blanks(t);
  if ((size_t)(t->end - t->at) < length || memcmp(t->at, word, length) != 0) return false;
  t->at += length;
  return true;
}

static bool take_number(text *t, uint64_t *number) {
  skip_blanks(t);
  const char *start = t->at;
  for (*number = 0; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
    if (*number > UINT64_MAX / 100) return false;
    *number = 10 * *number + (uint64_t)(*t->at - '0');
  }
  return t->at > start && (take(t, 'L') || true); /* as Python 2 wrote it */
}

static bool take_shape(text *t, header *h) {
  if (!take(t, '(')) return false;
  for (h->rank = 0; !take(t, ')'); h->rank++) {
    if (h->rank == RANK || !take_number(t, &h->shape[h->rank])) return false;
    if (!take(t, ',')) {
      h->rank++;
      return take(t, ')');
    }
  }
  return true;
}

static bool take_type(const char *word, header *h, const char *name, vx_error *error) {
  const char *order = word;
  if (strchr("<>|=", *word) && *word) word++;
  h->kind = *word;
  h->size = *word ? (int)strtol(word + 1, NULL, 10) : 0;
  h->big_endian = *order == '>';
  bool sized = h->kind == 'f'                     ? h->size == 2 || h->size == 4 || h->size == 8
               : h->kind == 'b'                   ? h->size == 1
               : h->kind == 'u' || h->kind == 'i' ? h->size == 1 || h->size == 2 || h->size == 4 || h->size == 8
                                                  : false;
  if (h->kind == 'O')
    return vx_fail(error, name, "holds Python objects, which only Python can read: save numbers (astype(\"float32\"))");
  return sized || vx_fail(error, name, "holds numbers of the type '%s', expected floats or whole numbers", order);
}

static bool take_entry(text *t, header *h, int *seen, const char *name, vx_error *error) {
  char key[24], type[24];
  bool good = take_quoted(t, key, sizeof key) && take(t, ':');
  if (good && strcmp(key, "descr") == 0) {
    if (take(t, '[')) return vx_fail(error, name, "holds structures, expected plain numbers");
    *seen |= 1;
    if (take_quoted(t, type, sizeof type)) return take_type(type, h, name, error);
  } else if (good && strcmp(key, "fortran_order") == 0) {
    *seen |= 2;
    h->by_column = take_word(t, "True");
    if (h->by_column || take_word(t, "False")) return true;
  } else if (good && strcmp(key, "shape") == 0) {
    *seen |= 4;
    if (take_shape(t, h)) return true;
  }
  return vx_fail(error, name, "its header is not one that NumPy writes");
}

static bool read_header(text t, header *h, const char *name, vx_error *error) {
  int seen = 0;
  *h = (header){0};
  bool more = take(&t, '{');
  while (more && !take(&t, '}')) {
    if (!take_entry(&t, h, &seen, name, error)) return false;
    more = take(&t, ',') || (t.at < t.end && *t.at == '}');
  }
  skip_blanks(&t);
  return (more && seen == 7 && t.at == t.end) || vx_fail(error, name, "its header is not one that NumPy writes");
}

/* ---- the numbers ------------------------------------------------------------------------------------------------- */

static double half(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
  uint32_t word = sign | (exponent == 31 ? 255u << 23 : (exponent + 112) << 23) | fraction << 13;
  float value;
  if (exponent == 0) return (sign ? -1.0 : 1.0) * fraction * 0x1p-24;
  memcpy(&value, &word, sizeof value);
  return value;
}

/* One number, its bytes from the lowest on. */
static double number(const header *h, uint64_t bits) {
  float single;
  double wide;
  uint32_t low = (uint32_t)bits;
  int unused = 64 - 8 * h->size;
  switch (h->kind) {
  case 'f':
    if (h->size == 2) return half((uint16_t)bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&wide, &bits, sizeof wide);
    return h->size == 4 ? (double)single : wide;
  case 'i':
    return (double)((int64_t)(bits << unused) >> unused);
  default:
    return (double)bits;
  }
}

static void read_numbers(const header *h, const uint8_t *data, vx_array *array) {
  size_t rows = (size_t)array->rows, columns = (size_t)array->columns, cells = rows * columns, each = (size_t)h->size;
  for (size_t i = 0; i < cells; i++) {
    uint64_t bits = 0;
    for (size_t k = 0; k < each; k++) bits |= (uint64_t)data[i * each + (h->big_endian ? each - 1 - k : k)] << 8 * k;
    size_t at = h->by_column ? i % rows * columns + i / rows : i;
    array->value[at] = number(h, bits);
  }
}

bool vx_npy_decode(const uint8_t *data, size_t size, const char *name, vx_array *array, vx_error *error) {
  static const uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  header h;
  uint64_t rows, columns;
  if (size < 12 || memcmp(data, magic, sizeof magic) != 0) return vx_fail(error, name, "is no .npy file");
  int version = data[6];
  size_t start = version == 1 ? 10 : 12, length = 0;
  if (version < 1 || version > 3) return vx_fail(error, name, "has .npy's version %d, expected 1, 2 or 3", version);
  for (size_t i = start; i-- > 8;) length = length << 8 | data[i];
  if (length > size - start)
    return vx_fail(error, name, "its header has %zu bytes, of which %zu are there", length, size - start);
  const char *words = (const char *)data + start;
  if (!read_header((text){words, words + length}, &h, name, error) ||
      !vx_array_shape(h.shape, h.rank, &rows, &columns, name, error) ||
      !vx_array_take(array, rows, columns, name, error))
    return false;
  size_t there = size - start - length, wanted = (size_t)(rows * columns) * (size_t)h.size;
  if (there != wanted)
    return vx_fail(error, name, "has %zu bytes of numbers, expected %zu for %" PRIu64 " x %" PRIu64, there, wanted,
                   columns, rows);
  read_numbers(&h, data + start + length, array);
  array->bytes = h.kind == 'u' && h.size == 1;
  return true;
}

void vx_npy_header(bool bytes, int rows, int columns, char to[VX_NPY_HEADER]) {
  static const char magic[] = "\x93NUMPY\x01\x00\x76\x00"; /* 118 bytes follow */
  memset(to, ' ', VX_NPY_HEADER);
  memcpy(to, magic, 10);
  int length = snprintf(to + 10, VX_NPY_HEADER - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }",
                        bytes ? "|u1" : "<f4", rows, columns);
  to[10 + length] = ' ';
  to[VX_NPY_HEADER - 1] = '\n';
}
