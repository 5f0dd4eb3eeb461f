/* Which of the passes that there are serve what is wanted. Private to core. */
#ifndef VX_PASSES_H
#define VX_PASSES_H

#include "core/vx.h"

typedef enum vx_rules { VX_RULES_IMPROVED, VX_RULES_PLAIN } vx_rules;

/* One relevance pass (spec section 4): a rule set and its stabilizer (0: as published). */
typedef struct vx_relevance_need {
  vx_rules rules;
  double stabilizer;
  int lowest;     /* lowest layer whose attention relevance is wanted; L: of none */
  bool to_pixels; /* on to the picture */
} vx_relevance_need;

enum {
  VX_PASS_ATTENTION = 1 << 0,      /* attention of layers >= attention_lowest */
  VX_PASS_SCORES = 1 << 1,         /* [CLS] row of the scores S, all layers */
  VX_PASS_GRADIENT = 1 << 2,       /* d output / d attention, layers >= gradient_lowest */
  VX_PASS_CUT_GRADIENT = 1 << 3,   /* AG-CAM's gradient of the [CLS] row, all layers */
  VX_PASS_INPUT_GRADIENT = 1 << 4, /* d output / d x */
  VX_PASS_TOKENS = 1 << 5,         /* output of the final LayerNorm */
  VX_PASS_LAST_NORM = 1 << 6,      /* output of LN1 in the last block, and its gradient */
  VX_PASS_AGAIN = 1 << 7,          /* the model is run again */
};

enum { VX_RELEVANCE_MAX = 8 };

typedef struct vx_passes {
  unsigned set;
  int attention_lowest, gradient_lowest; /* counted from 0; meaningful with their bit */
  int relevance_count;
  vx_relevance_need relevance[VX_RELEVANCE_MAX];
} vx_passes;

typedef struct vx_relevance {
  vx_relevance_need need;
  const double *attention; /* [L][H][n][n], layers >= need.lowest */
  const double *pixels;    /* [S][S], sum over channels; NULL unless need.to_pixels */
} vx_relevance;

/* The passes that make what is needed; false when there is no such pass, with the name of what was wanted. */
bool vx_passes_for(const vx_needs *needs, const vx_shape *shape, vx_passes *passes, vx_error *error);

#endif
