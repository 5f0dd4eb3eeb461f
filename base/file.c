#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, uint8_t *data, size_t size, size_t *got) {
  *got = 0;
  while (*got < size) {
    ssize_t n = read(fd, data + *got, size - *got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    *got += (size_t)n;
  }
  return true;
}

static bool read_open(const char *path, int fd, size_t limit, vx_file *file, vx_error *error) {
  struct stat status;
  if (fstat(fd, &status) != 0) return vx_fail(error, path, "cannot be read: %s", strerror(errno));
  if (!S_ISREG(status.st_mode)) return vx_fail(error, path, "is not a regular file");
  if (status.st_size < 0 || (uintmax_t)status.st_size > limit)
    return vx_fail(error, path, "has %jd bytes, more than the %zu expected at most", (intmax_t)status.st_size, limit);
  size_t size = (size_t)status.st_size;
  file->data = malloc(size + 1);
  if (!file->data) return vx_fail(error, path, "no memory for its %zu bytes", size);
  if (!read_all(fd, file->data, size, &file->size)) {
    int reason = errno;
    vx_file_free(file);
    return vx_fail(error, path, "cannot be read: %s", strerror(reason));
  }
  file->data[file->size] = 0;
  return true;
}

bool vx_file_read(const char *path, size_t limit, vx_file *file, vx_error *error) {
  *file = (vx_file){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return vx_fail(error, path, "cannot be opened: %s", strerror(errno));
  bool ok = read_open(path, fd, limit, file, error);
  close(fd);
  return ok;
}

void vx_file_free(vx_file *file) {
  free(file->data);
  *file = (vx_file){0};
}

bool vx_file_digest(const char *path, size_t limit, char text[VX_DIGEST_SIZE], vx_error *error) {
  vx_file file;
  vx_digest digest;
  if (!vx_file_read(path, limit, &file, error)) return false;
  vx_digest_start(&digest);
  vx_digest_bytes(&digest, file.data, file.size);
  vx_digest_print(&digest, text);
  vx_file_free(&file);
  return true;
}

bool vx_file_exists(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool vx_folder_exists(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

char *vx_path_join(const char *folder, const char *name, const char *suffix) {
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') length--;
  const char *slash = length == 1 && folder[0] == '/' ? "" : "/";
  char *path = NULL;
  if (asprintf(&path, "%.*s%s%s%s", (int)length, folder, slash, name, suffix ? suffix : "") < 0) return NULL;
  return path;
}

bool vx_is_lfs_pointer(const void *data, size_t size) {
  static const char start[] = "version https://git-lfs.github.com/spec/";
  return size >= sizeof start - 1 && memcmp(data, start, sizeof start - 1) == 0;
}
