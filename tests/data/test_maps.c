/* Maps of other programs: what NumPy writes in every type, and files made to do harm: each is refused in one line that
   names it. */
#include <math.h>
#include <zip.h>

#include "harness/data/maps.h"
#include "harness/data/npz.h"
#include "tests/support/files.h"
#include "tests/support/pngs.h"

static char folder[512];

static void setup(void) {
  make_folder(folder);
}

static void teardown(void) {
  remove_folder(folder);
}

#define GOOD(call)                                                                                                     \
  do {                                                                                                                 \
    error = (vx_error){.why = ""};                                                                                     \
    if (!(call)) ck_abort_msg("%s: %s: %s", #call, error.where, error.why);                                            \
  } while (0)

/* ---- .npy -------------------------------------------------------------------------------------------------------- */

static const char *const counted[] = {"little-f2", "little-f4", "little-f8",   "little-u1", "little-i1", "little-u2",
                                      "little-i2", "little-i4", "little-u4",   "little-i8", "little-u8", "big-f2",
                                      "big-f4",    "big-f8",    "big-u2",      "big-i4",    "big-i8",    "by-column",
                                      "version-2", "version-3", "one-channel", "truth"};

START_TEST(every_type_of_numpy_is_read) {
  vx_array array = {0};
  vx_error error;
  char path[200];
  size_t size;
  snprintf(path, sizeof path, "tests/golden/maps/%s.npy", counted[_i]);
  uint8_t *bytes = read_bytes(path, &size);
  GOOD(vx_npy_decode(bytes, size, path, &array, &error));
  ck_assert_int_eq(array.rows, 3);
  ck_assert_int_eq(array.columns, 4);
  ck_assert_int_eq(array.bytes, strcmp(counted[_i], "little-u1") == 0);
  for (int i = 0; i < 12; i++) ck_assert_double_eq(array.value[i], strcmp(counted[_i], "truth") == 0 ? i % 2 : i);
  /* cut anywhere it is refused, and nothing behind its end is read */
  for (size_t cut = 0; cut < size; cut++) {
    uint8_t *part = malloc(cut ? cut : 1);
    memcpy(part, bytes, cut);
    ck_assert(!vx_npy_decode(part, cut, path, &array, &error));
    free(part);
  }
  free(bytes);
  vx_array_free(&array);
}
END_TEST

START_TEST(numbers_of_all_sizes_are_exact) {
  /* 1, -2, the smallest and largest half, the least denormal one, infinity, none */
  static const uint16_t halves[] = {0x3c00, 0xc000, 0x0400, 0x7bff, 0x0001, 0x8001, 0x7c00, 0x7e00};
  static const double values[] = {1, -2, 0x1p-14, 65504, 0x1p-24, -0x1p-24, INFINITY, NAN};
  char file[VX_NPY_HEADER + sizeof halves];
  vx_array array = {0};
  vx_error error;
  vx_npy_header(false, 2, 4, file);
  memcpy(strstr(file + 10, "<f4"), "<f2", 3);
  memcpy(file + VX_NPY_HEADER, halves, sizeof halves);
  GOOD(vx_npy_decode((const uint8_t *)file, sizeof file, "halves", &array, &error));
  for (int i = 0; i < 8; i++)
    ck_assert_msg(isnan(values[i]) ? isnan(array.value[i]) : array.value[i] == values[i], "%d: %g", i, array.value[i]);
  memcpy(strstr(file + 10, "<f2"), "<i2", 3);
  GOOD(vx_npy_decode((const uint8_t *)file, sizeof file, "whole", &array, &error));
  ck_assert_double_eq(array.value[1], -16384);
  vx_array_free(&array);
}
END_TEST

static const struct {
  const char *name, *why;
} odd[] = {
    {"odd-objects", "Python objects"},
    {"odd-structures", "structures"},
    {"odd-complex", "'<c8'"},
    {"odd-text", "'<U2'"},
    {"odd-channels", "shape (3, 4, 4)"},
    {"odd-line", "shape (12)"},
    {"odd-empty", "4 x 0 values"},
};

START_TEST(what_is_no_map_is_named) {
  vx_array array = {0};
  vx_error error;
  char path[200];
  size_t size;
  snprintf(path, sizeof path, "tests/golden/maps/%s.npy", odd[_i].name);
  uint8_t *bytes = read_bytes(path, &size);
  ck_assert(!vx_npy_decode(bytes, size, path, &array, &error));
  check_error(&error, odd[_i].name, odd[_i].why);
  free(bytes);
  vx_array_free(&array);
}
END_TEST

/* Headers that lie; the numbers behind them are those of 3 x 4 floats. */
static const struct {
  const char *header, *why;
} lies[] = {
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }", "48 bytes of numbers, expected 60"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (65537, 1), }", "1 x 65537 values"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536), }", "at most 33554432"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616, 1), }", "not one that NumPy writes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (-3, -4), }", "not one that NumPy writes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,3,4), }", "not one that NumPy writes"},
    {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (3, 4), }", "not one that NumPy writes"},
    {"{'descr': '<f4', 'shape': (3, 4), }", "not one that NumPy writes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)", "not one that NumPy writes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and more", "not one that NumPy writes"},
    {"{'descr': '<f99999999999999999', 'fortran_order': False, 'shape': (3, 4), }", "type '<f99999"},
    {"{'descr': '<f4444444444444444444444444444', 'fortran_order': False, 'shape': (3, 4), }", "not one that NumPy"},
    {"{'descr': 'f3', 'fortran_order': False, 'shape': (3, 4), }", "type 'f3'"},
    {"{'descr': '', 'fortran_order': False, 'shape': (3, 4), }", "type ''"},
    {"__import__('os').system('true')", "not one that NumPy writes"},
    {"", "not one that NumPy writes"},
};

START_TEST(headers_that_lie_are_refused) {
  uint8_t file[10 + 300 + 48] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  size_t length = strlen(lies[_i].header);
  vx_array array = {0};
  vx_error error;
  file[8] = (uint8_t)length;
  memcpy(file + 10, lies[_i].header, length);
  ck_assert(!vx_npy_decode(file, 10 + length + 48, "x.npy", &array, &error));
  check_error(&error, "x.npy", lies[_i].why);
  file[9] = 0xff; /* a header longer than the file */
  ck_assert(!vx_npy_decode(file, 10 + length + 48, "x.npy", &array, &error));
  check_error(&error, "x.npy", "its header has");
  file[6] = 9;
  ck_assert(!vx_npy_decode(file, 10 + length + 48, "x.npy", &array, &error));
  check_error(&error, "x.npy", "version 9");
  vx_array_free(&array);
}
END_TEST

/* ---- .npz -------------------------------------------------------------------------------------------------------- */

START_TEST(archives_are_read_stored_and_deflated) {
  static const char *const files[] = {"tests/golden/maps/stored.npz", "tests/golden/maps/deflated.npz"};
  vx_array array = {0};
  vx_error error;
  vx_maps *maps = NULL;
  GOOD((maps = vx_maps_open(files[_i], &error)) != NULL);
  ck_assert_int_eq(vx_maps_count(maps), 2);
  ck_assert_str_eq(vx_maps_at(maps, 0)->name, "first");
  ck_assert_str_eq(vx_maps_at(maps, 1)->name, "second");
  GOOD(vx_maps_read(maps, 1, &array, &error));
  ck_assert(array.bytes);
  for (int i = 0; i < 12; i++) ck_assert_double_eq(array.value[i], 2 * i);
  GOOD(vx_maps_read(maps, 0, &array, &error));
  ck_assert(!array.bytes);
  for (int i = 0; i < 12; i++) ck_assert_double_eq(array.value[i], i);
  vx_maps_close(maps);
  vx_array_free(&array);
}
END_TEST

START_TEST(names_in_archives_lead_nowhere) {
  vx_error error;
  vx_maps *maps = NULL;
  vx_array array = {0};
  GOOD((maps = vx_maps_open("tests/golden/maps/paths.npz", &error)) != NULL);
  ck_assert_int_eq(vx_maps_count(maps), 3);
  ck_assert_int_eq(vx_maps_left_out(maps), 1);
  ck_assert_str_eq(vx_maps_at(maps, 0)->name, "../../../tmp/away");
  for (int i = 0; i < 3; i++) GOOD(vx_maps_read(maps, i, &array, &error));
  ck_assert_int_ne(access("/tmp/away.npy", F_OK), 0);
  vx_maps_close(maps);
  vx_array_free(&array);
}
END_TEST

/* An archive of one member of `size` zeros that packs to next to nothing. */
static char *make_bomb(size_t size) {
  char *path = path_in(folder, "bomb.npz");
  void *zeros = calloc(size, 1);
  zip_t *zip = zip_open(path, ZIP_CREATE, NULL);
  ck_assert(zip && zeros);
  zip_int64_t at = zip_file_add(zip, "big.npy", zip_source_buffer(zip, zeros, size, 0), 0);
  zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, 1);
  ck_assert_int_eq(zip_close(zip), 0);
  free(zeros);
  return path;
}

/* Every place of a size in the archive's headers says another one. */
static void lie_about_size(const char *path, uint32_t size, uint32_t lie) {
  size_t length;
  uint8_t *bytes = read_bytes(path, &length);
  for (size_t i = 0; i + 4 <= length; i++)
    if (memcmp(bytes + i, &size, 4) == 0) memcpy(bytes + i, &lie, 4);
  write_bytes(path, bytes, length);
  free(bytes);
}

START_TEST(bombs_are_not_unpacked) {
  enum { SIZE = 280 << 20 };
  vx_error error;
  vx_array array = {0};
  char *path = make_bomb(SIZE);
  vx_npz *npz = NULL;
  GOOD((npz = vx_npz_open(path, &error)) != NULL);
  ck_assert(!vx_npz_read(npz, 0, &array, &error));
  check_error(&error, "big.npy", "unpacks to 293601280 bytes");
  vx_npz_close(npz);
  lie_about_size(path, SIZE, 140);
  npz = vx_npz_open(path, &error);
  if (npz) { /* it says to be small: no more than that is unpacked */
    ck_assert(!vx_npz_read(npz, 0, &array, &error));
    ck_assert(strstr(error.where, "big.npy") != NULL);
  }
  vx_npz_close(npz);
  vx_array_free(&array);
  free(path);
}
END_TEST

START_TEST(damaged_archives_are_named) {
  size_t size;
  uint8_t *bytes = read_bytes("tests/golden/maps/deflated.npz", &size);
  vx_error error;
  char *path = path_in(folder, "part.npz");
  for (size_t cut = 0; cut < size; cut += 7) {
    write_bytes(path, bytes, cut);
    ck_assert_ptr_null(vx_maps_open(path, &error));
    ck_assert(strstr(error.where, "part.npz") != NULL);
  }
  vx_array array = {0};
  int read = 0, refused = 0;
  for (size_t i = 0; i < size; i++) { /* one byte another one: refused, or what it was (a time, an attribute) */
    bytes[i] ^= 0xff;
    write_bytes(path, bytes, size);
    vx_maps *maps = vx_maps_open(path, &error);
    bool good = maps != NULL;
    for (int k = 0; good && k < vx_maps_count(maps); k++) good = vx_maps_read(maps, k, &array, &error);
    read += good, refused += !good;
    vx_maps_close(maps);
    bytes[i] ^= 0xff;
  }
  ck_assert_int_gt(refused, 100);
  ck_assert_int_gt(read, 0);
  vx_array_free(&array);
  free(bytes);
  free(path);
}
END_TEST

static const char *name_of(void *user, int index) {
  return ((const char *const *)user)[index];
}

static bool give(void *user, int index, vx_npz_member *member, vx_error *error) {
  static const float numbers[] = {1, -2.5f, 3, 4, 5, 6};
  static const uint8_t bytes[] = {7, 0, 255};
  (void)user;
  if (index == 2) return vx_fail(error, "third", "is not to be had");
  *member = index ? (vx_npz_member){.bytes = true, .rows = 3, .columns = 1, .values = bytes}
                  : (vx_npz_member){.rows = 2, .columns = 3, .values = numbers};
  return true;
}

START_TEST(what_is_written_is_read) {
  static const char *names[] = {"a b/é.npy", "2.npy", "3.npy"};
  vx_error error;
  vx_array array = {0};
  char *path = path_in(folder, "two.npz"), *again = path_in(folder, "again.npz"), *none = path_in(folder, "none.npz");
  size_t size, other;
  GOOD(vx_npz_write(path, 2, name_of, give, names, &error));
  GOOD(vx_npz_write(again, 2, name_of, give, names, &error));
  uint8_t *a = read_bytes(path, &size), *b = read_bytes(again, &other);
  ck_assert_uint_eq(size, other);
  ck_assert_mem_eq(a, b, size);
  vx_npz *npz = NULL;
  GOOD((npz = vx_npz_open(path, &error)) != NULL);
  ck_assert_str_eq(vx_npz_name(npz, 0), names[0]);
  GOOD(vx_npz_read(npz, 0, &array, &error));
  ck_assert_int_eq(array.rows, 2);
  ck_assert_double_eq(array.value[1], -2.5);
  GOOD(vx_npz_read(npz, 1, &array, &error));
  ck_assert_int_eq(array.rows, 3);
  ck_assert(array.bytes && array.value[2] == 255);
  vx_npz_close(npz);
  ck_assert(!vx_npz_write(none, 3, name_of, give, names, &error));
  check_error(&error, "third", "not to be had");
  ck_assert_int_ne(access(none, F_OK), 0);
  vx_array_free(&array);
  free(a), free(b), free(path), free(again), free(none);
}
END_TEST

/* ---- folders, pictures, tables ------------------------------------------------------------------------------------
 */

static void copy_file(const char *from, const char *to) {
  size_t size;
  uint8_t *bytes = read_bytes(from, &size);
  char *path = path_in(folder, to);
  write_bytes(path, bytes, size);
  free(bytes);
  free(path);
}

START_TEST(a_folder_is_read_with_those_below) {
  static const uint8_t samples[] = {0, 10, 200, 255, 3, 4};
  vx_error error;
  vx_array array = {0};
  vx_maps *maps = NULL;
  copy_file("tests/golden/maps/little-f4.npy", "deep/er/one.npy");
  copy_file("tests/golden/maps/little-u1.npy", ".hidden/two.npy");
  copy_file("tests/golden/maps/make.py", "notes.py");
  char *grey = path_in(folder, "grey.png"), *deep = path_in(folder, "grey16.PNG"), *rgb = path_in(folder, "rgb.png");
  write_png(grey, 3, 2, (png_kind){.color_type = PNG_COLOR_TYPE_GRAY, .depth = 8}, samples);
  write_png(deep, 3, 2, (png_kind){.color_type = PNG_COLOR_TYPE_GRAY, .depth = 16}, samples);
  write_png(rgb, 1, 2, (png_kind){.color_type = PNG_COLOR_TYPE_RGB, .depth = 8}, samples);
  GOOD((maps = vx_maps_open(folder, &error)) != NULL);
  ck_assert_int_eq(vx_maps_count(maps), 4);
  ck_assert_int_eq(vx_maps_left_out(maps), 1);
  ck_assert_str_eq(vx_maps_at(maps, 0)->name, "deep/er/one");
  ck_assert_str_eq(vx_maps_at(maps, 2)->name, "grey16");
  GOOD(vx_maps_read(maps, 1, &array, &error));
  ck_assert(array.bytes && array.rows == 2 && array.columns == 3);
  for (int i = 0; i < 6; i++) ck_assert_double_eq(array.value[i], samples[i]);
  GOOD(vx_maps_read(maps, 2, &array, &error));
  ck_assert(!array.bytes);
  for (int i = 0; i < 6; i++) ck_assert_double_eq(array.value[i], 257 * samples[i]);
  ck_assert(!vx_maps_read(maps, 3, &array, &error));
  check_error(&error, "rgb.png", "in colours");
  vx_maps_close(maps);
  vx_array_free(&array);
  free(grey), free(deep), free(rgb);
}
END_TEST

START_TEST(a_table_names_files_and_classes) {
  vx_error error;
  vx_array array = {0};
  vx_maps *maps = NULL;
  copy_file("tests/golden/maps/little-f4.npy", "a map, of mine.npy");
  char *table =
      write_text(folder, "maps.csv", "target,file,image\r\n7,\"a map, of mine.npy\",cat 1\r\n\r\n\"8\",no.npy,b\n");
  GOOD((maps = vx_maps_open(table, &error)) != NULL);
  ck_assert_int_eq(vx_maps_count(maps), 2);
  ck_assert_str_eq(vx_maps_at(maps, 0)->name, "cat 1");
  ck_assert_str_eq(vx_maps_at(maps, 0)->target, "7");
  ck_assert_str_eq(vx_maps_at(maps, 1)->target, "8");
  GOOD(vx_maps_read(maps, 0, &array, &error));
  ck_assert_double_eq(array.value[11], 11);
  ck_assert(!vx_maps_read(maps, 1, &array, &error));
  check_error(&error, "no.npy", "cannot be opened");
  vx_maps_close(maps);
  vx_array_free(&array);
  free(table);
}
END_TEST

static const struct {
  const char *name, *text, *why;
} bad[] = {
    {"x.csv", "id,path\na,b.npy\n", "expected the columns image, file"},
    {"x.csv", "image,file\na\n", "line 2: has 1 cells"},
    {"x.csv", "image,file\na,b.jpg\n", "no map by its ending"},
    {"x.csv", "image,file\n,b.npy\n", "names no image"},
    {"x.csv", "image,file\n", "names no map"},
    {"x.h5", "\x89HDF", "tools/maps_from.py"},
    {"x.npz", "not a zip", "zip archive"},
    {"x.safetensors", "\xff\xff\xff\xff\xff\xff\xff\xff{}", "header"},
};

START_TEST(what_cannot_be_understood_is_named) {
  vx_error error;
  char *path = write_text(folder, bad[_i].name, bad[_i].text);
  ck_assert_ptr_null(vx_maps_open(path, &error));
  ck_assert_msg(strstr(error.where, bad[_i].name) || strstr(error.why, bad[_i].name), "%s: %s", error.where, error.why);
  ck_assert_msg(strstr(error.why, bad[_i].why) || strstr(error.where, bad[_i].why), "%s: %s", error.where, error.why);
  free(path);
}
END_TEST

START_TEST(nothing_and_an_empty_folder_are_told_apart) {
  vx_error error;
  ck_assert_ptr_null(vx_maps_open("no/such/folder", &error));
  check_error(&error, "no/such/folder", "no such file or folder");
  ck_assert_ptr_null(vx_maps_open(folder, &error));
  check_error(&error, folder, "holds no map");
}
END_TEST

#define LOOP(cases, test, list) tcase_add_loop_test(cases, test, 0, (int)(sizeof list / sizeof *list))

int main(void) {
  TCase *cases = tcase_create("maps");
  tcase_add_checked_fixture(cases, setup, teardown);
  LOOP(cases, every_type_of_numpy_is_read, counted);
  tcase_add_test(cases, numbers_of_all_sizes_are_exact);
  LOOP(cases, what_is_no_map_is_named, odd);
  LOOP(cases, headers_that_lie_are_refused, lies);
  tcase_add_loop_test(cases, archives_are_read_stored_and_deflated, 0, 2);
  tcase_add_test(cases, names_in_archives_lead_nowhere);
  tcase_add_test(cases, bombs_are_not_unpacked);
  tcase_add_test(cases, damaged_archives_are_named);
  tcase_add_test(cases, what_is_written_is_read);
  tcase_add_test(cases, a_folder_is_read_with_those_below);
  tcase_add_test(cases, a_table_names_files_and_classes);
  LOOP(cases, what_cannot_be_understood_is_named, bad);
  tcase_add_test(cases, nothing_and_an_empty_folder_are_told_apart);
  return run_suite("maps", cases);
}
