/* NumPy's .npy: a magic number and a version, a header (the text of a Python dictionary), the array's bytes. */
#ifndef VX_NPY_H
#define VX_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Rows and columns of numbers, whatever file they came from. Reusable: start from {0}, end with vx_array_free. */
typedef struct vx_array {
  int rows, columns;
  bool bytes;    /* they were unsigned and of 8 bits */
  double *value; /* [rows][columns] */
  size_t room;
} vx_array;

/* Makes room for rows x columns; the sizes are what a file says, `name` what errors call it. Fails for a side below 1
   or above 65536, for more than VX_ARRAY_CELLS cells, and without memory. */
bool vx_array_take(vx_array *array, uint64_t rows, uint64_t columns, const char *name, vx_error *error);
void vx_array_free(vx_array *array);

/* Rows and columns of a shape that has others only of length 1; false, for an error, of any other. */
bool vx_array_shape(const uint64_t *shape, int rank, uint64_t *rows, uint64_t *columns, const char *name,
                    vx_error *error);

#define VX_ARRAY_CELLS ((uint64_t)1 << 25)
#define VX_NPY_BYTES ((size_t)8 * VX_ARRAY_CELLS + 65536 + 12) /* the longest file that is read */

/* Reads the bytes of a file: floats of 2, 4 and 8 bytes, whole numbers and truth values, in either order of bytes and
   of axes. Refuses Python objects, structures, complex numbers and text, and a file that has not exactly the bytes that
   its header says. */
bool vx_npy_decode(const uint8_t *data, size_t size, const char *name, vx_array *array, vx_error *error);

/* The header of version 1.0 for rows x columns of "<f4" or "|u1", to be followed by the numbers row by row. */
enum { VX_NPY_HEADER = 128 };
void vx_npy_header(bool bytes, int rows, int columns, char header[VX_NPY_HEADER]);

#endif
