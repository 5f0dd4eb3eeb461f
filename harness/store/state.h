/* What a store remembers between calls. Private to harness/store. */
#ifndef VX_STORE_STATE_H
#define VX_STORE_STATE_H

#include "harness/store/sql.h"
#include "harness/store/store.h"

/* Statements that are prepared once and reset after each use. */
typedef enum vx_statement {
  VX_PUT_IMAGE,
  VX_PUT_OBJECT,
  VX_PUT_PREDICTION,
  VX_PUT_TOP,
  VX_PUT_EVALUATION,
  VX_PUT_SCORE,
  VX_PUT_CURVE,
  VX_PUT_MAP,
  VX_PUT_FAILURE,
  VX_FORGET_IMAGE,
  VX_FORGET_EVALUATION,
  VX_FORGET_MAP,
  VX_FORGET_FAILURES,
  VX_STATEMENTS
} vx_statement;

/* Of a measure what tells whether an evaluation has it. */
typedef struct vx_known_metric {
  char column[160]; /* the first of its names among scores; "": it comes with the evaluation */
  bool truth;       /* compares with the truth: nothing to do for a map without one */
} vx_known_metric;

#define VX_HAS_EVALUATION (UINT64_C(1) << 63)

struct vx_store {
  sqlite3 *db;
  char *path;
  sqlite3_stmt *statements[VX_STATEMENTS];

  /* Of a wait for another process (vx_store_on_wait). */
  void (*say)(void *user, const char *path);
  void *say_to;
  double waiting_since, patience; /* seconds */
  bool said;

  /* Of the current run; zero before vx_store_begin. */
  int64_t run, scoring;
  bool continues;
  int image_count, method_count;
  int metric_count;
  vx_known_metric *metrics; /* [metric_count] */
  int64_t *methods;         /* [method_count] ids in the file */
  int64_t *images;          /* [image_count] ids in the file by place in the list; 0: not seen */
  int64_t *failed;          /* [image_count] ids of images that failed as a whole: to be replaced, as if not seen */
  bool *settled;            /* [image_count] no method can add anything: gate, or failure of the whole image */
  uint64_t *has; /* [image_count][method_count] VX_HAS_EVALUATION, and bit i: nothing is left to do of metrics[i] */
};

/* Digests that decide what is the same: over a run's identity, a method's and a scoring's. */
void vx_store_run_digest(const vx_run_row *run, char text[17]);
void vx_store_metric_digest(const vx_metric_row *metric, char text[17]);
void vx_store_method_digest(const vx_method_row *method, char text[17]);
void vx_store_scoring_digest(const vx_scoring_row *scoring, char text[17]);

/* Adds a scoring to a run; its id, or 0. */
int64_t vx_store_put_scoring(vx_store *store, int64_t run, const vx_scoring_row *scoring, vx_error *error);

/* Adds a method to a run at method->place, or finds it by name and digest; its id, or 0. */
int64_t vx_store_put_method(vx_store *store, int64_t run, const vx_method_row *method, vx_error *error);

/* Reads which images and methods of the current run are there. */
bool vx_store_load_done(vx_store *store, vx_error *error);
void vx_store_forget_done(vx_store *store);

/* The measures that there is nothing more to do of for an evaluation of this status, whatever scores it has. */
uint64_t vx_store_settled_metrics(const vx_store *store, vx_status status);

/* Bit of the measure whose first column has this name; 0: none. */
uint64_t vx_store_metric_bit(const vx_store *store, const char *column);

/* The result's one evaluation, with its map and failures, for an image that has none of this method. */
bool vx_store_put_map(vx_store *store, int64_t scoring, int64_t method, int64_t image, const vx_result *result,
                      vx_error *error);

#endif
