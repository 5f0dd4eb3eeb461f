/* What a run is, and all rows of one image, as they are written (store.h) and as they are read back (query.h,
   stored.h): one type a thing.

   Undefined numbers are NaN here and NULL in the file; unknown counts and indices are -1 here and NULL there; a text
   that is not there is NULL or "" when it is written, "" when it is read. */
#ifndef VX_STORE_RESULT_H
#define VX_STORE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "metrics/map.h"

/* ---- one image -------------------------------------------------------------------------------------------- */

typedef enum vx_status {
  VX_STATUS_OK,
  VX_STATUS_FLAT,     /* a map without any contrast: empty mask, scored and counted like any other */
  VX_STATUS_FAILED,   /* no map could be made: see failures */
  VX_STATUS_UNSCORED, /* a map, but no truth to compare it with (no mask; the top class maps to no class of the data) */
} vx_status;

typedef enum vx_severity {
  VX_FAILURE, /* something asked for is missing from the results */
  VX_WARNING, /* worth knowing, nothing is missing */
} vx_severity;

typedef enum vx_answer { VX_UNKNOWN = -1, VX_NO = 0, VX_YES = 1 } vx_answer;

enum { VX_TOP = 5 };

typedef struct vx_top {
  int label; /* index of the model's class */
  double probability;
} vx_top;

typedef struct vx_prediction {
  bool known; /* false: the picture could not be read or the model failed on it */
  vx_top top[VX_TOP];
  int top_count;     /* smaller for a model of fewer classes */
  bool passed;       /* top[0].probability > min_confidence */
  vx_answer correct; /* the top class maps to the main object's class; unknown when none does */
} vx_prediction;

/* An object of the annotation. Box as it stands in the file (VOC: pixels counted from 1, fractions allowed). */
typedef struct vx_stored_object {
  const char *name;
  int data_class; /* -1: not a class of the data set */
  double x_min, y_min, x_max, y_max;
  vx_answer difficult, truncated, occluded;
  int64_t pixels; /* of the object's own mask; -1: not known */
} vx_stored_object;

typedef struct vx_stored_failure {
  vx_severity severity;
  int method;        /* index into the run's methods; -1: the image as a whole */
  const char *stage; /* "picture", "annotation", "mask", "model", "target", "method", "score", "measure", "import" */
  const char *where, *why;
} vx_stored_failure;

/* A further measure: oracle thresholds, deletion, pointing … */
typedef struct vx_named_score {
  const char *metric;
  double value;
} vx_named_score;

/* A curve behind such a number. */
typedef struct vx_curve {
  const char *metric, *name; /* the run's name of the measure; the measure's name of the curve */
  int count;
  const float *value; /* [count] */
} vx_curve;

typedef struct vx_evaluation {
  int method; /* index into the run's methods */
  int target; /* model class explained; -1: the method explains none */
  vx_status status;
  double threshold;                    /* Otsu's level 0..255, or the fixed one 0..1; NaN: none was needed */
  int64_t tp, fp, fn, tn, void_pixels; /* -1: not scored */
  double iou, f1, pixel_accuracy;      /* 0..1 */
  double milliseconds;                 /* of the method's own work: not reproducible, not in a dump */
  vx_map map;
  vx_named_score *scores;
  int score_count, score_room;
  vx_curve *curves;
  int curve_count, curve_room;
} vx_evaluation;

/* What the model says of the picture without some of its patches. The variants of shared measures do not hang on the
   map: kept, they score any map of the picture without the model. */
typedef struct vx_perturbation {
  const char *kind;    /* "single-deletion": a cell each; "subsets": patches at random; "whole": nothing removed */
  const char *remove;  /* what the removed became: "drop", "black" … */
  int cells;           /* side of a cell in patches; patches of a subset; 0 */
  int place;           /* of the cell in row order, of the subset in its draw; 0 */
  const char *removed; /* numbers of the patches in row order, ascending, with commas */
  int target, second;  /* the class explained; the most probable other class of the picture, -1: there is none */
  double probability;  /* of the class explained */
  double logit, second_logit;
} vx_perturbation;

typedef struct vx_result {
  int position;      /* 0-based place in the run's list of images */
  const char *id;    /* the data set's own name of the image */
  int width, height; /* -1: the picture could not be read */

  /* The truth, at the picture's own size, over all labelled objects; -1 without a mask. */
  int64_t object_pixels, void_pixels;
  int main_class;          /* class of the data set that covers most pixels (else of the annotation); -1: none */
  const char *mask_digest; /* NULL without a mask */
  const char *picture_digest, *annotation_digest; /* of the files' bytes; NULL without the file */
  const char *truth; /* what the mask is as a truth: "ok", "no-object" …; NULL without a mask */

  vx_prediction prediction;
  vx_stored_object *objects;
  int object_count, object_room;
  vx_evaluation *evaluations;
  int evaluation_count, evaluation_room;
  vx_stored_failure *failures;
  int failure_count, failure_room;
  vx_perturbation *perturbations;
  int perturbation_count, perturbation_room;
  vx_arena *arena; /* owns every string and array here; forgotten by vx_result_reset */
} vx_result;

/* An empty result with an arena of its own; NULL when memory is out. */
vx_result *vx_result_new(void);
void vx_result_free(vx_result *result);

/* Empties a result for the next image; keeps the memory. `id` is copied. False when memory is out. */
bool vx_result_reset(vx_result *result, int position, const char *id);

/* Each adds one entry, filled with "unknown", and returns it; NULL when memory is out. Pointers to earlier entries
   are void after the call. */
vx_stored_object *vx_result_add_object(vx_result *result);
vx_evaluation *vx_result_add_evaluation(vx_result *result, int method);

/* Nothing known yet: how each evaluation begins. */
extern const vx_evaluation vx_evaluation_unknown;

/* `where` and the formatted text are copied. `method` -1: the image as a whole. */
bool vx_result_add_failure(vx_result *result, vx_severity severity, int method, const char *stage, const char *where,
                           const char *why, ...) __attribute__((format(printf, 6, 7)));

/* Adds a further measure to an evaluation of this result. `metric` is copied. */
bool vx_result_add_score(vx_result *result, vx_evaluation *evaluation, const char *metric, double value);

/* Adds a curve. Texts and values are copied. */
bool vx_result_add_curve(vx_result *result, vx_evaluation *evaluation, const char *metric, const char *name,
                         const float *value, int count);

/* Adds what the model said of a variant. Texts are copied. */
bool vx_result_add_perturbation(vx_result *result, const vx_perturbation *perturbation);

/* A copy of a map into the result's arena; false when memory is out. */
bool vx_result_keep_patch_map(vx_result *result, vx_evaluation *evaluation, const float *heat, int width, int height);
bool vx_result_keep_pixel_map(vx_result *result, vx_evaluation *evaluation, const uint8_t *levels, int width,
                              int height);

const char *vx_status_name(vx_status status);       /* "ok", "flat", "failed", "unscored" */
vx_status vx_status_of(const char *name);           /* its inverse; of another text the last */
const char *vx_severity_name(vx_severity severity); /* "failure", "warning" */

/* ---- the run ----------------------------------------------------------------------------------------------- */

/* One method of the run, under the name that it has there. */
typedef struct vx_method_row {
  int64_t id;            /* in the file, when it was read */
  int place;             /* in tables, likewise */
  const char *name;      /* `as`: unique in the run */
  const char *explainer; /* id in the registry */
  const char *title, *family, *source;
  bool class_specific, trivial, is_mask;
  const char *parameters;    /* "name=value name=value", all of them */
  const char *parts;         /* of a mix: "rollout+lrp" by their names in the run; else none */
  bool pixel_map;            /* the map is at input resolution */
  const char *imported_from; /* another program made the maps: file or folder they came from; else none */
  const char *cite;          /* likewise: what to cite */
} vx_method_row;

static inline bool vx_is_imported(const vx_method_row *method) {
  return method->imported_from && *method->imported_from;
}

/* One measure of the run, under the name that it has there. */
typedef struct vx_metric_row {
  const char *name;       /* `as`: unique in the run */
  const char *measure;    /* id in the registry */
  const char *kind;       /* what is compared: "truth", "model", "method", "maps", "map" */
  const char *parameters; /* "name=value name=value", all of them */
  const char *columns;    /* names of its numbers among scores, with commas; "": they are the evaluation's own */
} vx_metric_row;

enum { VX_METRICS_MAX = 48 }; /* measures a run */

/* How maps become scores: the keys of `score` in a config. */
typedef struct vx_scoring_row {
  int64_t id;                 /* in the file, when it was read */
  const char *name;           /* "main" for the run's own */
  const char *size;           /* "input", "image" or a number */
  const char *threshold;      /* "otsu", "mean" or a number */
  const char *foreground;     /* "any", "main", "predicted", "class=N" */
  const char *void_pixels;    /* "ignore", "background", "foreground" */
  const char *mask_resize;    /* "pillow", "opencv" */
  const char *pixel_accuracy; /* "accuracy", "recall" */
  const char *aggregate;      /* "mean", "pooled", "class" */
  const char *note;           /* what is not exact about it; else none */
} vx_scoring_row;

/* What identifies a run is marked *: two commands that agree in all of them are the same run, and the second continues
   the first. Methods and measures may be added at any time. */
typedef struct vx_run_row {
  /* In the file, when it was read: begin and finish tell the time, finished "" while it is at work or was stopped. */
  int64_t id;
  const char *digest, *started, *finished;

  const char *name;         /* of the config */
  const char *config;       /* its whole text, after --set */
  const char *model;        /* folder */
  const char *model_digest; /* * 16 hex digits, over the head that was used */
  const char *data;         /* folder, a blank, split */
  const char *data_digest;  /* * over the list of ids and what else decides */
  const char *input;        /* * "resize=squash filter=bilinear arithmetic=pillow mean=… std=… size=224" */
  double min_confidence;    /* * */
  const char *target;       /* * "top", … */
  const char *output;       /* * "logit", … */
  const char *precision;    /* * "mixed", … */
  uint64_t seed;            /* * */
  const char *class_map;    /* file; none: identity by name */
  const char *compare_with; /* row of configs/published.yaml, or none */
  const char *protocol, *protocol_digest; /* name and SHA-256 of the protocol, or none */
  int input_side, grid;                   /* S and S / P */
  int image_count;                        /* length of the list */

  const char *program;  /* "vitx 0.1.0 (gcc 12.2.0)" */
  const char *openblas; /* "OpenBLAS 0.3.21" */
  const char *kernel;   /* "Haswell": results are bit for bit the same per kernel */
  const char *host;     /* not in a dump */

  /* What hangs on it; vx_query_runs and vx_query_run leave it empty, vx_run_read fills it. */
  vx_scoring_row scoring; /* the main one; * but its name and note */

  const char *const *data_classes; /* names of the data set's classes, by index; NULL entries are skipped */
  int data_class_count;
  const char *const *labels; /* the model's labels, by index */
  const int *label_class;    /* class of the data set that a label maps to, -1: none; * through its digest */
  int label_count;

  const vx_method_row *methods;
  int method_count;
  const vx_metric_row *metrics;
  int metric_count; /* at most VX_METRICS_MAX */
} vx_run_row;

#endif
