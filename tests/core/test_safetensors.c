/* The checkpoint's file format: what is written comes back, and no broken file is read or crashes. */
#include "core/safetensors.h"

#include <math.h>

#include "tests/support/files.h"

static char folder[512];

static void setup(void) {
  make_folder(folder);
}

static void teardown(void) {
  remove_folder(folder);
}

/* A file from its parts: a header of any text with its true length, and data. */
static char *write_raw(const char *name, const char *header, const void *data, size_t size) {
  size_t length = strlen(header);
  uint8_t *bytes = malloc(8 + length + size);
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)length >> (8 * i));
  memcpy(bytes + 8, header, length);
  if (size) memcpy(bytes + 8 + length, data, size);
  char *path = path_in(folder, name);
  write_bytes(path, bytes, 8 + length + size);
  free(bytes);
  return path;
}

/* Reads every element of every tensor, so that a sanitizer sees a tensor that leaves the file. */
static double read_all(const vx_tensors *file) {
  double sum = 0;
  for (int i = 0; i < vx_tensors_count(file); i++) {
    const vx_tensor *t = vx_tensors_at(file, i);
    for (size_t b = 0; b < t->bytes; b++) sum += ((const uint8_t *)t->data)[b];
    if (t->dtype == VX_DTYPE_OTHER) continue;
    double *values = malloc(t->count * sizeof *values + 1);
    ck_assert(vx_tensor_to_double(t, values));
    for (size_t k = 0; k < t->count; k++) sum += values[k];
    free(values);
  }
  return sum;
}

/* An error is one line, names the file and says why. */
static void check_line(const vx_error *error, const char *path) {
  ck_assert_msg(strstr(error->where, path) != NULL, "\"%s\" does not name %s (%s)", error->where, path, error->why);
  ck_assert_msg(error->why[0] != 0, "%s: no reason", error->where);
  for (const char *c = error->where; *c; c++) ck_assert_msg((unsigned char)*c >= ' ', "%s: not one line", error->where);
  for (const char *c = error->why; *c; c++) ck_assert_msg((unsigned char)*c >= ' ', "%s: not one line", error->why);
}

static void must_fail(const char *path, const char *field, const char *why) {
  vx_error error = {0};
  vx_tensors *file = vx_tensors_open(path, &error);
  ck_assert_msg(file == NULL, "%s was accepted", path);
  check_line(&error, path);
  check_error(&error, field, why);
}

/* ---- values ------------------------------------------------------------------------------------------------ */

START_TEST(test_round_trip) {
  const double f64[] = {0.1, -0.0, 1e300, 5e-324, INFINITY};
  const float f32[] = {0.1f, -3.5f, 1e-45f, 3e38f, -INFINITY, 7};
  const uint16_t f16[] = {0x3c00, 0x0001}, bf16[] = {0x3f80, 0xc000, 0x0001};
  const int64_t i64[] = {-1, 1ll << 40};
  const int32_t i32[] = {-2147483647 - 1, 77};
  const uint8_t u8[] = {0, 255, 3};
  const vx_tensor tensors[] = {
      {.name = "u", .dtype = VX_U8, .rank = 1, .shape = {3}, .data = u8},
      {.name = "d", .dtype = VX_F64, .rank = 2, .shape = {1, 5}, .data = f64}, /* lies unaligned: after 3 bytes */
      {.name = "f", .dtype = VX_F32, .rank = 3, .shape = {1, 2, 3}, .data = f32},
      {.name = "h", .dtype = VX_F16, .rank = 1, .shape = {2}, .data = f16},
      {.name = "b", .dtype = VX_BF16, .rank = 1, .shape = {3}, .data = bf16},
      {.name = "l", .dtype = VX_I64, .rank = 1, .shape = {2}, .data = i64},
      {.name = "i", .dtype = VX_I32, .rank = 1, .shape = {2}, .data = i32},
      {.name = "none", .dtype = VX_F32, .rank = 2, .shape = {4, 0}, .data = NULL},
      {.name = "scalar", .dtype = VX_F32, .rank = 0, .data = f32}};
  const double expected[][6] = {{0, 255, 3},
                                {0.1, -0.0, 1e300, 5e-324, INFINITY},
                                {(double)0.1f, -3.5, (double)1e-45f, (double)3e38f, -INFINITY, 7},
                                {1, 0x1p-24},
                                {1, -2, 0x1p-133},
                                {-1, 0x1p40},
                                {-0x1p31, 77},
                                {0},
                                {(double)0.1f}};
  enum { COUNT = sizeof tensors / sizeof *tensors };
  vx_error error = {0};
  char *path = path_in(folder, "all.safetensors");
  ck_assert_msg(vx_tensors_write(path, tensors, COUNT, &error), "%s: %s", error.where, error.why);
  vx_tensors *file = vx_tensors_open(path, &error);
  ck_assert_msg(file != NULL, "%s: %s", error.where, error.why);
  ck_assert_str_eq(vx_tensors_path(file), path);
  ck_assert_int_eq(vx_tensors_count(file), COUNT);
  for (int i = 0; i < COUNT; i++) {
    const vx_tensor *t = vx_tensors_find(file, tensors[i].name);
    ck_assert_ptr_eq(t, vx_tensors_at(file, i));
    ck_assert_int_eq(t->dtype, tensors[i].dtype);
    ck_assert_int_eq(t->rank, tensors[i].rank);
    for (int k = 0; k < t->rank; k++) ck_assert_uint_eq(t->shape[k], tensors[i].shape[k]);
    ck_assert_uint_eq(t->bytes, t->count * vx_dtype_size(t->dtype));
    double wide[6] = {0};
    float narrow[6] = {0};
    ck_assert(vx_tensor_to_double(t, wide));
    ck_assert(vx_tensor_to_float(t, narrow));
    for (size_t k = 0; k < t->count; k++) {
      float single = (float)expected[i][k];
      ck_assert_msg(memcmp(&wide[k], &expected[i][k], sizeof(double)) == 0, "%s[%zu] is %.17g", t->name, k, wide[k]);
      ck_assert_msg(memcmp(&narrow[k], &single, sizeof(float)) == 0, "%s[%zu] is %.9g", t->name, k, (double)narrow[k]);
    }
  }
  ck_assert_ptr_null(vx_tensors_find(file, "nobody"));
  vx_tensors_close(file);
  free(path);
}
END_TEST

/* All 65,536 of either kind against their definitions. */
START_TEST(test_every_half) {
  uint16_t *bits = malloc(65536 * sizeof *bits);
  double *half = malloc(65536 * sizeof *half), *brain = malloc(65536 * sizeof *brain);
  for (int i = 0; i < 65536; i++) bits[i] = (uint16_t)i;
  vx_tensor tensor = {.name = "x", .dtype = VX_F16, .rank = 1, .shape = {65536}, .count = 65536, .data = bits};
  ck_assert(vx_tensor_to_double(&tensor, half));
  tensor.dtype = VX_BF16;
  ck_assert(vx_tensor_to_double(&tensor, brain));
  for (int i = 0; i < 65536; i++) {
    double sign = i & 0x8000 ? -1 : 1;
    int e = i >> 10 & 31, f = i & 1023;
    double expected = e == 31 ? (f ? NAN : INFINITY) : e ? ldexp(1024 + f, e - 25) : ldexp(f, -24);
    if (isnan(expected))
      ck_assert_msg(isnan(half[i]), "half %04x is %g", i, half[i]);
    else
      ck_assert_msg(half[i] == sign * expected && !signbit(half[i]) == (sign > 0), "half %04x is %g", i, half[i]);
    e = i >> 7 & 255;
    f = i & 127;
    expected = e == 255 ? (f ? NAN : INFINITY) : e ? ldexp(128 + f, e - 134) : ldexp(f, -133);
    if (isnan(expected))
      ck_assert_msg(isnan(brain[i]), "bfloat16 %04x is %g", i, brain[i]);
    else
      ck_assert_msg(brain[i] == sign * expected && !signbit(brain[i]) == (sign > 0), "bfloat16 %04x is %g", i,
                    brain[i]);
  }
  free(bits);
  free(half);
  free(brain);
}
END_TEST

/* The header's length shifts the data to any address; values must not depend on it. */
START_TEST(test_unaligned) {
  const double values[] = {1.25, -7e-9};
  for (int blanks = 0; blanks < 8; blanks++) {
    char header[256];
    snprintf(header, sizeof header, "{\"x\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}%*s", blanks, "");
    char *path = write_raw("unaligned.safetensors", header, values, sizeof values);
    vx_error error = {0};
    vx_tensors *file = vx_tensors_open(path, &error);
    ck_assert_msg(file != NULL, "%s: %s", error.where, error.why);
    double out[2];
    ck_assert(vx_tensor_to_double(vx_tensors_at(file, 0), out));
    ck_assert(out[0] == values[0] && out[1] == values[1]);
    vx_tensors_close(file);
    free(path);
  }
}
END_TEST

START_TEST(test_unknown_dtype) {
  const uint8_t data[4] = {1, 2, 3, 4};
  char *path = write_raw("other.safetensors",
                         "{\"x\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]},"
                         "\"__metadata__\":{\"format\":\"pt\"}}",
                         data, 4);
  vx_error error = {0};
  vx_tensors *file = vx_tensors_open(path, &error);
  ck_assert_msg(file != NULL, "%s: %s", error.where, error.why);
  ck_assert_int_eq(vx_tensors_count(file), 1); /* the file may hold it; its values cannot be had */
  double wide[4];
  float narrow[4];
  ck_assert(!vx_tensor_to_double(vx_tensors_at(file, 0), wide));
  ck_assert(!vx_tensor_to_float(vx_tensors_at(file, 0), narrow));
  vx_tensors_close(file);
  free(path);
}
END_TEST

/* ---- broken files ------------------------------------------------------------------------------------------ */

static char *write_tiny(uint8_t **bytes, size_t *size) {
  const float a[] = {1, 2};
  const uint8_t b[] = {5, 6, 7};
  const vx_tensor tensors[] = {{.name = "a", .dtype = VX_F32, .rank = 1, .shape = {2}, .data = a},
                               {.name = "b", .dtype = VX_U8, .rank = 2, .shape = {3, 1}, .data = b}};
  char *path = path_in(folder, "tiny.safetensors");
  ck_assert(vx_tensors_write(path, tensors, 2, NULL));
  *bytes = read_bytes(path, size);
  return path;
}

/* Any other byte at any place of length and header: an error, or a file that describes its bytes all the same. */
START_TEST(test_every_byte) {
  static const char typical[] = "\"{}[],:0129-.eE ab\\/\n\t\001\377";
  uint8_t *bytes;
  size_t size, data = 11; /* 2 F32 and 3 U8 */
  char *path = write_tiny(&bytes, &size);
  int refused = 0, tried = 0;
  for (size_t at = 0; at < size - data; at++)
    for (size_t k = 0; k < 8 + sizeof typical; k++) {
      uint8_t was = bytes[at];
      bytes[at] = (uint8_t)(k < 8 ? was ^ 1 << k : typical[k - 8]);
      write_bytes(path, bytes, size);
      vx_error error = {0};
      vx_tensors *file = vx_tensors_open(path, &error);
      if (file) {
        read_all(file);
        size_t covered = 0;
        for (int i = 0; i < vx_tensors_count(file); i++) covered += vx_tensors_at(file, i)->bytes;
        ck_assert_uint_eq(covered, data);
      } else {
        check_line(&error, path);
        refused++;
      }
      vx_tensors_close(file);
      bytes[at] = was;
      tried++;
    }
  ck_assert_int_gt(refused, tried / 2);
  free(bytes);
  free(path);
}
END_TEST

START_TEST(test_every_truncation) {
  uint8_t *bytes;
  size_t size;
  char *path = write_tiny(&bytes, &size);
  for (size_t kept = 0; kept < size; kept++) {
    write_bytes(path, bytes, kept);
    must_fail(path, path, "");
  }
  bytes[size] = 0; /* read_bytes leaves room for one more */
  write_bytes(path, bytes, size + 1);
  must_fail(path, path, "the header describes 11 bytes of data, the file has 12");
  free(bytes);
  free(path);
}
END_TEST

START_TEST(test_header_length) {
  uint8_t *bytes;
  size_t size;
  char *path = write_tiny(&bytes, &size);
  const uint64_t lengths[] = {0, 1, size - 8, size - 7, 1ull << 31, 1ull << 32, 1ull << 63, ~0ull, ~0ull - 7};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    for (int k = 0; k < 8; k++) bytes[k] = (uint8_t)(lengths[i] >> (8 * k));
    write_bytes(path, bytes, size);
    must_fail(path, path, lengths[i] > size - 8 ? "header length is" : "");
  }
  free(bytes);
  free(path);
}
END_TEST

START_TEST(test_bad_headers) {
#define ENTRY(dtype, shape, offsets) "{\"x\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                                                             \
  "{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "},"                                                \
  "\"y\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"
  static const struct {
    const char *header, *field, *why;
  } bad[] = {
      {"", "header byte", "not a JSON object"},
      {"[]", "header byte", "another JSON value"},
      {"{\"x\":", "header byte", "not a JSON object"},
      {"{\"x\":1}", "tensor x", "field dtype is missing"},
      {"{\"x\":{}}", "tensor x", "field dtype is missing"},
      {"{\"x\":{},\"x\":{}}", "header byte", "duplicate"},
      {ENTRY("7", "[8]", "[0,8]"), "tensor x", "field dtype"},
      {ENTRY("\"U8\"", "8", "[0,8]"), "tensor x", "field shape"},
      {ENTRY("\"U8\"", "[1,1,1,1,1,1,1,1,8]", "[0,8]"), "tensor x", "at most 8 sizes"},
      {ENTRY("\"U8\"", "[-8]", "[0,8]"), "tensor x", "shape[0] is not a size"},
      {ENTRY("\"U8\"", "[2,4.0]", "[0,8]"), "tensor x", "shape[1] is not a size"},
      {ENTRY("\"U8\"", "[4294967296,4294967296,8]", "[0,8]"), "tensor x", "too large"},
      {ENTRY("\"F64\"", "[2305843009213693953]", "[0,8]"), "tensor x", "dtype and shape need"}, /* * 8 wraps to 8 */
      {ENTRY("\"U8\"", "[99999999999999999999]", "[0,8]"), "header byte", "too big integer"},
      {ENTRY("\"U8\"", "[8]", "[0]"), "tensor x", "field data_offsets"},
      {ENTRY("\"U8\"", "[8]", "[0,8,9]"), "tensor x", "field data_offsets"},
      {ENTRY("\"U8\"", "[8]", "[0,\"8\"]"), "tensor x", "field data_offsets"},
      {ENTRY("\"U8\"", "[8]", "[-1,7]"), "tensor x", "leave the 8 bytes"},
      {ENTRY("\"U8\"", "[8]", "[8,0]"), "tensor x", "leave the 8 bytes"},
      {ENTRY("\"U8\"", "[8]", "[0,9223372036854775807]"), "tensor x", "leave the 8 bytes"},
      {ENTRY("\"U8\"", "[9]", "[0,9]"), "tensor x", "leave the 8 bytes"},
      {ENTRY("\"F32\"", "[1]", "[0,8]"), "tensor x", "span 8 bytes, dtype and shape need 4"},
      {ENTRY("\"U8\"", "[4]", "[4,8]"), "tensor x", "begin at 4, expected 0"},
      {ENTRY("\"U8\"", "[4]", "[0,4]"), ".safetensors", "describes 4 bytes of data, the file has 8"},
      {TWO("[0,4]", "[2,6]"), "tensor y", "begin at 2, expected 4"},
      {TWO("[0,4]", "[0,4]"), "tensor", "begin at 0, expected 4"},
      {TWO("[4,8]", "[1,5]"), "tensor y", "begin at 1, expected 0"},
      {"{\"a\\nb\":1}", "tensor a b", "field dtype is missing"}, /* a name cannot break the line */
  };
  const uint8_t data[8] = {0};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char *path = write_raw("bad.safetensors", bad[i].header, data, sizeof data);
    must_fail(path, bad[i].field, bad[i].why);
    free(path);
  }
  char *deep = malloc(200001);
  memset(deep, '[', 200000);
  deep[200000] = 0;
  char *path = write_raw("deep.safetensors", deep, data, sizeof data);
  must_fail(path, "header byte", "");
  free(path);
  free(deep);
}
END_TEST

START_TEST(test_no_file) {
  char *path = path_in(folder, "nothing.safetensors");
  must_fail(path, path, "No such file");
  free(path);
  must_fail(folder, folder, "is not a regular file");
}
END_TEST

START_TEST(test_unwritable) {
  const uint8_t byte = 1;
  vx_tensor tensor = {.name = "x", .dtype = VX_U8, .rank = 1, .shape = {1}, .data = &byte};
  vx_error error = {0};
  char path[1024];
  snprintf(path, sizeof path, "%s/no/such/folder.safetensors", folder);
  ck_assert(!vx_tensors_write(path, &tensor, 1, &error));
  check_error(&error, path, "cannot be written: No such file");
  tensor.name = "\xff";
  snprintf(path, sizeof path, "%s/name.safetensors", folder);
  ck_assert(!vx_tensors_write(path, &tensor, 1, &error));
  check_error(&error, path, "not UTF-8");
  ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("safetensors");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_set_timeout(tests, 300);
  tcase_add_test(tests, test_round_trip);
  tcase_add_test(tests, test_every_half);
  tcase_add_test(tests, test_unaligned);
  tcase_add_test(tests, test_unknown_dtype);
  tcase_add_test(tests, test_every_byte);
  tcase_add_test(tests, test_every_truncation);
  tcase_add_test(tests, test_header_length);
  tcase_add_test(tests, test_bad_headers);
  tcase_add_test(tests, test_no_file);
  tcase_add_test(tests, test_unwritable);
  return run_suite("core/safetensors", tests);
}
