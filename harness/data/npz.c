#include "harness/data/npz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

struct vx_npz {
  zip_t *zip;
  char *path;
  int count;
  uint8_t *data;
  size_t room;
};

static bool fail_code(const char *path, int code, vx_error *error) {
  zip_error_t reason;
  zip_error_init_with_code(&reason, code);
  vx_fail(error, path, "cannot be opened as a zip archive: %s", zip_error_strerror(&reason));
  zip_error_fini(&reason);
  return false;
}

vx_npz *vx_npz_open(const char *path, vx_error *error) {
  vx_npz *npz = calloc(1, sizeof *npz);
  int code = ZIP_ER_MEMORY;
  if (npz) npz->path = strdup(path);
  if (npz && npz->path) npz->zip = zip_open(path, ZIP_RDONLY, &code);
  zip_int64_t count = npz && npz->zip ? zip_get_num_entries(npz->zip, 0) : -1;
  if (count >= 0 && count <= INT32_MAX) {
    npz->count = (int)count;
    return npz;
  }
  fail_code(path, count < 0 ? code : ZIP_ER_INCONS, error);
  vx_npz_close(npz);
  return NULL;
}

void vx_npz_close(vx_npz *npz) {
  if (!npz) return;
  if (npz->zip) zip_discard(npz->zip);
  free(npz->path);
  free(npz->data);
  free(npz);
}

int vx_npz_count(const vx_npz *npz) {
  return npz->count;
}

const char *vx_npz_name(const vx_npz *npz, int index) {
  const char *name = zip_get_name(npz->zip, (zip_uint64_t)index, 0);
  return name ? name : "";
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool read_bytes(vx_npz *npz, zip_file_t *member, size_t size, const char *name, vx_error *error) {
  if (size > npz->room) {
    free(npz->data);
    npz->data = malloc(size);
    npz->room = npz->data ? size : 0;
    if (!npz->data) return vx_fail(error, name, "out of memory for its %zu bytes", size);
  }
  size_t got = 0;
  zip_int64_t n = 1;
  while (got < size && (n = zip_fread(member, npz->data + got, size - got)) > 0) got += (size_t)n;
  if (n < 0) return vx_fail(error, name, "cannot be unpacked: %s", zip_file_strerror(member));
  return got == size || vx_fail(error, name, "ends after %zu of the %zu bytes that the archive says", got, size);
}

bool vx_npz_read(vx_npz *npz, int index, vx_array *array, vx_error *error) {
  char name[512];
  zip_stat_t about;
  snprintf(name, sizeof name, "%s: %s", npz->path, vx_npz_name(npz, index));
  zip_stat_init(&about);
  if (zip_stat_index(npz->zip, (zip_uint64_t)index, 0, &about) != 0 || !(about.valid & ZIP_STAT_SIZE))
    return vx_fail(error, name, "cannot be read: %s", zip_strerror(npz->zip));
  if (about.size < 12 || about.size > VX_NPY_BYTES)
    return vx_fail(error, name, "unpacks to %" PRIu64 " bytes, expected 12 to %zu", (uint64_t)about.size, VX_NPY_BYTES);
  zip_file_t *member = zip_fopen_index(npz->zip, (zip_uint64_t)index, 0);
  if (!member) return vx_fail(error, name, "cannot be read: %s", zip_strerror(npz->zip));
  bool good = read_bytes(npz, member, (size_t)about.size, name, error);
  zip_fclose(member);
  return good && vx_npy_decode(npz->data, (size_t)about.size, name, array, error);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* What libzip calls when it comes to a member: its values are made then, and only then. */
typedef struct source {
  bool (*give)(void *user, int index, vx_npz_member *member, vx_error *error);
  void *user;
  int index;
  vx_npz_member member;
  char header[VX_NPY_HEADER];
  size_t at, size;
  vx_error *error;
  bool *failed;
  zip_error_t reason;
} source;

static zip_int64_t read_source(source *s, uint8_t *to, size_t length) {
  size_t left = s->size - s->at, n = length < left ? length : left, done = 0;
  if (s->at < VX_NPY_HEADER) {
    done = n < VX_NPY_HEADER - s->at ? n : VX_NPY_HEADER - s->at;
    memcpy(to, s->header + s->at, done);
  }
  if (n > done) memcpy(to + done, (const uint8_t *)s->member.values + (s->at + done - VX_NPY_HEADER), n - done);
  s->at += n;
  return (zip_int64_t)n;
}

static zip_int64_t open_source(source *s) {
  if (*s->failed || !s->give(s->user, s->index, &s->member, s->error)) {
    *s->failed = true;
    zip_error_set(&s->reason, ZIP_ER_INTERNAL, 0);
    return -1;
  }
  vx_npy_header(s->member.bytes, s->member.rows, s->member.columns, s->header);
  size_t cells = (size_t)s->member.rows * (size_t)s->member.columns;
  s->size = VX_NPY_HEADER + cells * (s->member.bytes ? 1 : sizeof(float));
  s->at = 0;
  return 0;
}

static zip_int64_t call(void *user, void *data, zip_uint64_t length, zip_source_cmd_t command) {
  source *s = user;
  switch (command) {
  case ZIP_SOURCE_OPEN:
    return open_source(s);
  case ZIP_SOURCE_READ:
    return read_source(s, data, (size_t)length);
  case ZIP_SOURCE_CLOSE:
    return 0;
  case ZIP_SOURCE_STAT: {
    zip_stat_t *about = data;
    zip_stat_init(about);
    about->mtime = 315619200; /* 1980-01-02: the same members give the same bytes, wherever */
    about->valid |= ZIP_STAT_MTIME;
    return sizeof *about;
  }
  case ZIP_SOURCE_ERROR:
    return zip_error_to_data(&s->reason, data, length);
  case ZIP_SOURCE_FREE:
    free(s);
    return 0;
  case ZIP_SOURCE_SUPPORTS:
    return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                          ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
  default:
    zip_error_set(&s->reason, ZIP_ER_OPNOTSUPP, 0);
    return -1;
  }
}

static bool add_member(zip_t *zip, const char *name, const source *like) {
  source *s = malloc(sizeof *s);
  if (!s) return false;
  *s = *like;
  zip_error_init(&s->reason);
  zip_source_t *from = zip_source_function(zip, call, s);
  if (!from) {
    free(s);
    return false;
  }
  zip_int64_t at = zip_file_add(zip, name, from, ZIP_FL_ENC_UTF_8);
  if (at >= 0) return zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0) == 0;
  zip_source_free(from);
  return false;
}

bool vx_npz_write(const char *path, int count, const char *(*name)(void *user, int index),
                  bool (*give)(void *user, int index, vx_npz_member *member, vx_error *error), void *user,
                  vx_error *error) {
  int code;
  bool failed = false;
  zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (!zip) return fail_code(path, code, error);
  bool good = true;
  for (int i = 0; good && i < count; i++)
    good = add_member(zip, name(user, i),
                      &(source){.give = give, .user = user, .index = i, .error = error, .failed = &failed});
  if (good && zip_close(zip) == 0) return true;
  if (!failed) vx_fail(error, path, "cannot be written: %s", zip_strerror(zip));
  zip_discard(zip);
  return false;
}
