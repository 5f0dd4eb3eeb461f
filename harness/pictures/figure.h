/* The paper's Figure 3 from a results file: originals above, heat maps below, a column an image, a row a method. */
#ifndef VX_PICTURES_FIGURE_H
#define VX_PICTURES_FIGURE_H

#include "harness/draw/colour.h"
#include "harness/store/store.h"

typedef enum vx_figure_draw { /* in the order of VX_FIGURE_DRAW_CHOICES */
                              VX_FIGURE_HEAT,
                              VX_FIGURE_OVERLAY,
                              VX_FIGURE_V,
                              VX_FIGURE_V_OTSU,
                              VX_FIGURE_OUTLINE
} vx_figure_draw;
#define VX_FIGURE_DRAW_CHOICES "heat|overlay|v|v-otsu|outline"

typedef enum vx_figure_pick {
  VX_PICK_FIRST, /* of the list */
  VX_PICK_IDS,
  VX_PICK_BEST, /* by mean IoU over the figure's methods */
  VX_PICK_WORST,
  VX_PICK_WRONG /* wrong decisions, the surest first */
} vx_figure_pick;

typedef struct vx_figure_options {
  int64_t run; /* 0: the newest */
  vx_figure_pick pick;
  const char *ids;          /* of VX_PICK_IDS: names of images or their places in the list, parted by commas */
  int count;                /* of the others */
  const char *methods;      /* names parted by commas; NULL: all that are not trivial */
  const char *root, *split; /* of the data set; NULL: as the run says */
  vx_figure_draw draw;
  const vx_colours *colours;
  double alpha;  /* of an overlay */
  bool scores;   /* the IoU under each map */
  double height; /* of a picture, in units */
} vx_figure_options;

vx_figure_options vx_figure_defaults(void);

typedef struct vx_figure_made {
  int images, methods, pictures; /* columns, rows, columns whose original could be shown */
  char note[1200];               /* why originals are missing; "" */
} vx_figure_made;

/* Draws it to `path` (.png, .svg, .pdf). Without the pictures, or with another kind of drawing than heat, what needs
   them is drawn as heat alone. Fails when no image or method is left, naming the ids or methods that there are not. */
bool vx_figure_draw_file(vx_store *store, const vx_figure_options *options, const char *path, vx_figure_made *made,
                         vx_error *error);

#endif
