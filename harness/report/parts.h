/* What the files of the report share. Private to harness/report. */
#ifndef VX_REPORT_PARTS_H
#define VX_REPORT_PARTS_H

#include "harness/report/embed.h"
#include "harness/report/report.h"
#include "harness/run/frame.h"
#include "harness/run/origin.h"
#include "harness/store/detail.h"
#include "harness/store/stored.h"
#include "harness/tables/column.h"
#include "harness/tables/heading.h"
#include "harness/tables/published.h"
#include "harness/tables/scores.h"

enum { VX_REPORT_SHARES = 4 }; /* on the main class, on the predicted one, on other objects, on background */

/* What an image's maps come to; kept for the summary, which is written after the images. */
typedef struct vx_image_sum {
  double dispute;                /* mean over patches of the standard deviation over methods; NaN: no maps */
  bool shown;                    /* picture and maps are in the file */
  double area[VX_REPORT_SHARES]; /* of the counted pixels; NaN: no mask at hand */
} vx_image_sum;

/* How small pictures and maps are made. */
typedef struct vx_report_level {
  int picture, quality; /* longer side in pixels, JPEG quality */
  int pixel_map, mask;  /* sides that pixel maps and their masks are reduced to */
} vx_report_level;

typedef struct vx_report {
  vx_store *store;
  const vx_report_options *options;
  vx_report_made *made;
  vx_arena *arena;
  FILE *to;

  vx_run_row run;
  vx_scoring_row scoring;
  vx_heading heading;
  vx_method_row *methods;
  int method_count;
  vx_image_set images;
  vx_column *columns; /* of the run's measures */
  int column_count;
  vx_class_row *classes;
  int class_count;
  vx_label_row *labels;
  int label_count;
  vx_input_options input;
  vx_origin origin; /* empty: the data set is not there */

  vx_image_sum *sums; /* [images] */
  float *shares;      /* [methods][images][VX_REPORT_SHARES] of a map's sum; NaN: none */
  float *thresholds;  /* [methods][images] */

  struct vx_report_curves *curves; /* of all images; see curves.c */

  bool lost; /* something could not be put into the page: memory is out */
} vx_report;

/* facts.c: the class of the data that an image was predicted to show; -1: none. */
int vx_report_predicted_class(const vx_report *report, int image);

/* Into the JSON of a script element; takes `value`. When memory is out (`object`, `list` or `value` may be NULL for
   that), the report remembers it and vx_report_embed refuses. */
void vx_report_put(vx_report *report, json_t *object, const char *key, json_t *value);
void vx_report_push(vx_report *report, json_t *list, json_t *value);

/* The same of an empty list or object, which is `object`'s and is returned to be filled; NULL when memory is out. */
json_t *vx_report_put_list(vx_report *report, json_t *object, const char *key);
json_t *vx_report_put_object(vx_report *report, json_t *object, const char *key);

/* The script element (vx_embed_write), if nothing was lost so far. Takes `data`. */
bool vx_report_embed(vx_report *report, const char *id, json_t *data, vx_error *error);

/* summary.c: a script element with everything but pictures. */
bool vx_report_write_summary(vx_report *report, vx_error *error);

/* tables.c: measures with means, intervals, single values and paired comparisons, into `summary`. */
bool vx_report_add_tables(vx_report *report, json_t *summary, vx_error *error);

/* images.c: opens the data set (or notes why not), writes a script element for each image that is shown and
   fills sums and shares. */
void vx_report_open_data(vx_report *report);
bool vx_report_write_images(vx_report *report, vx_error *error);

/* curves.c: takes the image's curves into the sums of all and, of those along which patches are removed, puts them into
   `into` (NULL: not shown) with each map's order of patches; then the sums, as `curves` of the summary. */
bool vx_report_take_curves(vx_report *report, int image, json_t *into, vx_arena *arena, vx_error *error);
double vx_report_curve_bytes(const vx_report *report); /* of a shown image and method, about */
void vx_report_add_curves(vx_report *report, json_t *summary);

/* attention.c: a script element for each image chosen; none, with a note, where the run's model is not there. */
bool vx_report_write_attention(vx_report *report, vx_error *error);

/* maps.c: takes the image's maps: for each method a reduced form for the page, its shares on `truth`-like labels, and
   the methods' mean. `labels` (may be NULL) is a class mask of width x height in the picture's own pixels. Returns the
   JSON list of maps by method, NULL with an error. */
json_t *vx_report_take_maps(vx_report *report, int image, const vx_report_level *level, const uint8_t *labels,
                            int width, int height, vx_arena *arena, vx_error *error);

#endif
