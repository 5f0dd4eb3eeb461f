/* What tests of files share: a folder of their own, small files, broken copies, the shared vectors. */
#ifndef VX_TEST_FILES_H
#define VX_TEST_FILES_H

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/support/suite.h"

/* The folder of optional extra vectors. */
static inline const char *shared_folder(void) {
  const char *folder = getenv("VITX_SHARED");
  return folder && *folder ? folder : "../shared";
}

/* "SHARED/name" in a buffer of the caller; prints a line and returns false where it is absent. */
static inline bool shared_path(const char *name, char path[1024]) {
  snprintf(path, 1024, "%s/%s", shared_folder(), name);
  if (access(path, R_OK) == 0) return true;
  printf("SKIPPED: %s is not there\n", path);
  return false;
}

/* A new empty folder; its path lies in `folder`. */
static inline void make_folder(char folder[512]) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, 512, "%s/vitx-test-XXXXXX", base && *base ? base : "/tmp");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status;
  (void)kind;
  (void)walk;
  return remove(path);
}

static inline void remove_folder(const char *folder) {
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* "folder/name" in a buffer of its own, to be freed; folders on the way are made. */
static inline char *path_in(const char *folder, const char *name) {
  char *path = NULL;
  ck_assert_int_gt(asprintf(&path, "%s/%s", folder, name), 0);
  for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = 0;
    mkdir(path, 0700);
    *slash = '/';
  }
  return path;
}

static inline void write_bytes(const char *path, const void *bytes, size_t size) {
  FILE *f = fopen(path, "wb");
  ck_assert_msg(f != NULL, "%s cannot be written", path);
  ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
  ck_assert_int_eq(fclose(f), 0);
}

/* A text file; returns its path, to be freed. */
static inline char *write_text(const char *folder, const char *name, const char *text) {
  char *path = path_in(folder, name);
  write_bytes(path, text, strlen(text));
  return path;
}

static inline uint8_t *read_bytes(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s cannot be opened", path);
  fseek(f, 0, SEEK_END);
  *size = (size_t)ftell(f);
  rewind(f);
  uint8_t *bytes = malloc(*size + 1);
  ck_assert_uint_eq(fread(bytes, 1, *size, f), *size);
  fclose(f);
  return bytes;
}

/* An error must say where (the file) and why. */
static inline void check_error(const vx_error *error, const char *file, const char *why) {
  ck_assert_msg(strstr(error->where, file) != NULL, "\"%s\" does not name %s (%s)", error->where, file, error->why);
  ck_assert_msg(strstr(error->why, why) != NULL, "\"%s: %s\" does not say \"%s\"", error->where, error->why, why);
}

/* FNV-1a, 64 bits: stands in a golden file for an array. */
static inline uint64_t fnv1a(const void *bytes, size_t size) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* A small generator of numbers for property tests. */
static inline uint32_t draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static inline int draw_between(uint64_t *state, int low, int high) {
  return low + (int)(draw(state) % (uint32_t)(high - low + 1));
}

#endif
