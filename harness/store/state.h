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
  VX_PUT_MAP,
  VX_PUT_FAILURE,
  VX_STATEMENTS
} vx_statement;

struct vx_store {
  sqlite3 *db;
  char *path;
  sqlite3_stmt *statements[VX_STATEMENTS];

  /* Of the current run; zero before vx_store_begin. */
  int64_t run, scoring;
  bool continues;
  int image_count, method_count;
  int64_t *methods; /* [method_count] ids in the file */
  int64_t *images;  /* [image_count] ids in the file by place in the list; 0: not seen */
  bool *settled;    /* [image_count] no method can add anything: gate, or failure of the whole image */
  bool *evaluated;  /* [image_count][method_count] */
};

/* Digests that decide what is the same: over a run's identity, a method's and a scoring's. */
void vx_store_run_digest(const vx_run_row *run, char text[17]);
void vx_store_method_digest(const vx_method_row *method, char text[17]);
void vx_store_scoring_digest(const vx_scoring_row *scoring, char text[17]);

/* Adds a scoring to a run; its id, or 0. */
int64_t vx_store_put_scoring(vx_store *store, int64_t run, const vx_scoring_row *scoring, vx_error *error);

/* Reads which images and methods of the current run are there. */
bool vx_store_load_done(vx_store *store, vx_error *error);
void vx_store_forget_done(vx_store *store);

/* One evaluation with its scores, no map. */
bool vx_store_put_evaluation(vx_store *store, int64_t scoring, int64_t method, int64_t image,
                             const vx_evaluation *evaluation, vx_error *error);

#endif
