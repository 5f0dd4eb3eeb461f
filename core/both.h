/* The passes in both precisions, for code that is itself compiled once. */
#ifndef VX_BOTH_H
#define VX_BOTH_H

#include "core/model.h"

#define real float
#define VX_R(name) name##_single
#include "core/pass_api.h"
#undef real
#undef VX_R

#define real double
#define VX_R(name) name##_double
#include "core/pass_api.h"
#undef real
#undef VX_R

#endif
