/* NumPy's .npz: a zip archive of .npy files, stored or deflated, by libzip. One thread at a time. */
#ifndef VX_NPZ_H
#define VX_NPZ_H

#include "harness/data/npy.h"

typedef struct vx_npz vx_npz;

/* NULL on failure: no such file, no zip archive, a damaged one. */
vx_npz *vx_npz_open(const char *path, vx_error *error);
void vx_npz_close(vx_npz *npz);

int vx_npz_count(const vx_npz *npz);
const char *vx_npz_name(const vx_npz *npz, int index); /* of a member, with ".npy"; "": none that can be told */

/* Reads a member. Nothing larger than the largest array is unpacked, whatever the archive says of its size. */
bool vx_npz_read(vx_npz *npz, int index, vx_array *array, vx_error *error);

/* What a member is made of: its name, and its bytes in memory until the next call. */
typedef struct vx_npz_member {
  const char *name; /* with ".npy" */
  bool bytes;       /* values are uint8_t, else float */
  int rows, columns;
  const void *values; /* [rows][columns] */
} vx_npz_member;

/* Writes an archive of `count` members, stored; `name` and `give` are asked for each, in order. It is there whole or
   not at all, and the same members give the same bytes. */
bool vx_npz_write(const char *path, int count, const char *(*name)(void *user, int index),
                  bool (*give)(void *user, int index, vx_npz_member *member, vx_error *error), void *user,
                  vx_error *error);

#endif
