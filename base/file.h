/* A whole file in memory: decoders and parsers of this room work on bytes, so that they can also be fed by a fuzzer. */
#ifndef VX_FILE_H
#define VX_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

/* `data` has `size` bytes and one more, a 0, so that text can be read as a string. Empty: {0}. */
typedef struct vx_file {
  uint8_t *data;
  size_t size;
} vx_file;

/* Reads the file at `path`, a regular file of at most `limit` bytes. Fails with the path and the system's reason. */
bool vx_file_read(const char *path, size_t limit, vx_file *file, vx_error *error);
void vx_file_free(vx_file *file);

/* Digest of its bytes. */
bool vx_file_digest(const char *path, size_t limit, char text[VX_DIGEST_SIZE], vx_error *error);

/* Whether `path` is a regular file (or a link to one), or a folder. */
bool vx_file_exists(const char *path);
bool vx_folder_exists(const char *path);

/* Whether these bytes are what Git LFS leaves in place of a file that was not fetched, and what to say then. */
bool vx_is_lfs_pointer(const void *data, size_t size);
#define VX_LFS_POINTER                                                                                                 \
  "is a Git LFS pointer, not the file itself: run `git lfs pull` in its folder, or download the file again"

/* A new string "folder/name" + suffix, or NULL without memory (only then). */
char *vx_path_join(const char *folder, const char *name, const char *suffix);

/* Limits of what is read at all: no real picture, mask, annotation or list comes near them. */
#define VX_PICTURE_BYTES ((size_t)256 << 20)
#define VX_TEXT_BYTES ((size_t)64 << 20)

#endif
