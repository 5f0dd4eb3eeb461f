/* Reading and writing .safetensors files: 8 bytes of header length, a JSON header, the tensors' bytes. */
#ifndef VX_SAFETENSORS_H
#define VX_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum vx_dtype { VX_F64, VX_F32, VX_F16, VX_BF16, VX_I64, VX_I32, VX_U8, VX_DTYPE_OTHER } vx_dtype;

enum { VX_RANK_MAX = 8 };

typedef struct vx_tensor {
  const char *name;
  vx_dtype dtype;
  int rank;
  size_t shape[VX_RANK_MAX];
  size_t count;     /* elements */
  size_t bytes;     /* in the file */
  const void *data; /* little-endian; in a read file not necessarily aligned */
} vx_tensor;

typedef struct vx_tensors vx_tensors;

/* Maps a file into memory. NULL when it cannot be read or its header does not describe its bytes exactly. */
vx_tensors *vx_tensors_open(const char *path, vx_error *error);

/* The weights in a checkpoint's folder: model.safetensors, or the parts that model.safetensors.index.json lists. NULL
   on failure; where there are only weights in another format, the error says how to convert them. */
vx_tensors *vx_tensors_open_folder(const char *folder, vx_error *error);

/* Cuts the prefix off every name, where every name has it; false where one has not. */
bool vx_tensors_strip(vx_tensors *tensors, const char *prefix);
void vx_tensors_close(vx_tensors *tensors);
const char *vx_tensors_path(const vx_tensors *tensors);
int vx_tensors_count(const vx_tensors *tensors);
const vx_tensor *vx_tensors_at(const vx_tensors *tensors, int index);          /* in the header's order */
const vx_tensor *vx_tensors_find(const vx_tensors *tensors, const char *name); /* NULL: not there */

/* Copies all elements as double or float (from F64, F32, F16, BF16, I64, I32 or U8). False for another dtype. */
bool vx_tensor_to_double(const vx_tensor *tensor, double *out);
bool vx_tensor_to_float(const vx_tensor *tensor, float *out);

const char *vx_dtype_name(vx_dtype dtype);
size_t vx_dtype_size(vx_dtype dtype); /* 0: unknown */

/* Writes `count` tensors in the given order; name, dtype, rank, shape and data must be set, `count` is derived. The
   file appears under its name only when it is complete. */
bool vx_tensors_write(const char *path, const vx_tensor *tensors, int count, vx_error *error);

#endif
