/* One engine a precision, each the same text compiled for it (real.h): a few pictures forward, and down again by the
   descents that their wants name. A pass belongs to one thread at a time. Private to core. */
#ifndef VX_ENGINE_H
#define VX_ENGINE_H

#include "core/model.h"

typedef struct vx_engine {
  /* Memory for up to `batch` (at most VX_GROUP) pictures and all that `wants` names. With `read_top`, of one picture,
     the last block makes only the tokens that the head reads. NULL: out of memory, or a want that nothing makes. */
  vx_trace *(*open)(const vx_model *model, int batch, const vx_wants *wants, bool read_top, vx_error *error);
  void (*close)(vx_trace *trace);
  size_t (*bytes)(const vx_trace *trace);

  /* Puts x [3][S][S] in as the next sample, in order from 0; of its patches those that keep [grid²] names, or all.
     NULL, as the only sample: the picture of the last pass, whose patches are not embedded again.
     Returns how many tokens that makes. */
  int (*load)(vx_trace *trace, int sample, const double *x, const uint8_t *keep);

  /* Samples 0 … count - 1; logits [count][C]. False when a value is not finite: the error names the layer. */
  bool (*forward)(vx_trace *trace, int count, double *logits, vx_error *error);

  /* All descents of these samples; seed [count][C] is the output's derivative with respect to the logits. */
  bool (*descend)(vx_trace *trace, const double *seed, int target, vx_error *error);

  /* What a sample shows, one entry a want; returns how many. */
  int (*seen)(const vx_trace *trace, int sample, vx_seen seen[VX_WANTS_MAX]);

  /* Whether mixed precision makes it in double: the one reason for a second pass. */
  bool (*in_double)(const vx_want *want);
} vx_engine;

extern const vx_engine vx_engine_single, vx_engine_double, vx_engine_mixed;

#endif
