/* What methods and measures ask of the model, as data. Two questions: WHERE in the model (a site), and WHAT there: its
   value in the forward pass, or what a descent carries down to it (a gradient, a relevance).

   The union over all that is planned is what a picture's passes make, each descent once. Pure functions, any thread. */
#ifndef VX_NEEDS_H
#define VX_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "core/descents.h"

struct vx_shape;

typedef enum vx_site {                  /* shape in one layer; of the rows that the readout reads (vx_want_rows) */
                       VX_AT_INPUT,     /* x                                         [3][S][S]     no layers */
                       VX_AT_STREAM,    /* the block's input                         [n][d]        [d] */
                       VX_AT_NORM1,     /* LN1's output                              [n][d]        [d] */
                       VX_AT_SCORES,    /* S                                         [H][n][n]     [H][n] */
                       VX_AT_ATTENTION, /* A                                         [H][n][n]     [H][n] */
                       VX_AT_VALUES,    /* v, heads side by side                     [n][d]        [d] */
                       VX_AT_CONTEXT,   /* A v, heads side by side                   [n][d]        [d] */
                       VX_AT_TOKENS,    /* the last norm's output                    [n][d]        [d]     no layers */
                       VX_SITES
} vx_site;

#define VX_DESCENT_ID(id, name) VX_##id,
typedef enum vx_rule { VX_FORWARD, VX_DESCENTS(VX_DESCENT_ID) VX_RULES } vx_rule; /* VX_FORWARD: the value itself */
#undef VX_DESCENT_ID

typedef struct vx_descent {
  vx_rule rule;
  double parameter; /* stabilizer, gamma; 0: none */
} vx_descent;

static inline vx_descent vx_by(vx_rule rule) {
  return (vx_descent){.rule = rule};
}

static inline vx_descent vx_by_with(vx_rule rule, double parameter) {
  return (vx_descent){.rule = rule, .parameter = parameter};
}

/* Layers first … last, both included, counted from 0; 0 … 0 where the site has none. */
typedef struct vx_want {
  vx_site site;
  vx_descent descent;
  bool rows; /* r M instead of the matrix M, r the readout's weights: row 0 where the head reads [CLS] */
  int first, last;
} vx_want;

enum { VX_WANTS_MAX = 32 };

typedef struct vx_wants {
  int count; /* more than VX_WANTS_MAX: some did not fit, and the plan is refused */
  vx_want want[VX_WANTS_MAX];
} vx_wants;

/* What the caller has to bring. */
enum {
  VX_NEED_PICTURE = 1 << 0, /* the resized picture's bytes */
  VX_NEED_PRIOR = 1 << 1,   /* the data set's mean mask for this picture's class */
};

typedef struct vx_needs {
  vx_wants wants;    /* of the picture */
  vx_wants variants; /* of each variant, when the model is run again; its logits are always there */
  int variant_count; /* how often the model is run again, at most; 0: never. Costs are told by it */
  int answer_count;  /* how often it is asked forward only (vx_again.ask), a map and at most */
  int shared_count;  /* and how often for what no map decides, a picture */
  unsigned data;     /* VX_NEED_… */
} vx_needs;

/* For needs(): one line a tensor. Wanting the same again widens the layers. */
void vx_want_at(vx_wants *wants, vx_site site, vx_descent descent); /* a site without layers */
void vx_want_layers(vx_wants *wants, vx_site site, vx_descent descent, int first, int last);
void vx_want_rows(vx_wants *wants, vx_site site, vx_descent descent, int first, int last);

/* Union. False when more different tensors are asked for than there is room. */
bool vx_needs_add(vx_needs *into, const vx_needs *more, vx_error *error);

/* The want of that site, descent and form; NULL: not among them. */
const vx_want *vx_wants_find(const vx_wants *wants, vx_site site, vx_descent descent, bool rows);

/* Whether all of `asked` is among `made`; the first that is not goes to *missing (may be NULL). */
bool vx_wants_cover(const vx_wants *made, const vx_wants *asked, vx_want *missing);

/* Whether a want reads something that goes down from the output. */
bool vx_wants_descend(const vx_wants *wants);

bool vx_site_has_layers(vx_site site);

/* Numbers in one layer of a site, as vx_site says. */
size_t vx_site_size(const struct vx_shape *shape, vx_site site, bool rows);

/* "attention, gradient, layers 3 to 11" for messages; returns text. */
const char *vx_want_text(const vx_want *want, char *text, size_t size);

#endif
