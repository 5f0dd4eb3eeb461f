/* One source, two precisions: files that include this are compiled once with VX_REAL_DOUBLE and once without.
   VX_R(name) is the name of this compilation's function or type: name_single or name_double. */
#ifndef VX_REAL_H
#define VX_REAL_H

#include <cblas.h>

#include "core/both.h" /* before `real` is a macro: other headers use the word */

#ifdef VX_REAL_DOUBLE
#define real double
#define VX_R(name) name##_double
#define VX_GEMM cblas_dgemm
#define VX_GEMV cblas_dgemv
#else
#define real float
#define VX_R(name) name##_single
#define VX_GEMM cblas_sgemm
#define VX_GEMV cblas_sgemv
#endif

#endif
