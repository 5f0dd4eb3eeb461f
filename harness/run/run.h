/* A run, opened: all that its workers share and only read. */
#ifndef VX_RUN_H
#define VX_RUN_H

#include "core/vx.h"
#include "harness/config/config.h"
#include "harness/data/class_map.h"
#include "harness/data/input.h"
#include "harness/data/voc.h"
#include "harness/run/plan.h"
#include "harness/run/prior.h"
#include "harness/store/result.h"
#include "metrics/measure.h"

typedef struct vx_run {
  const vx_config *config; /* `fitted` */
  vx_config fitted;        /* the caller's, whose texts it shares, with the methods that the model has (vx_plan_fit) */
  vx_model *model;
  const vx_shape *shape;
  vx_voc voc;
  vx_class_map map;
  vx_input_options input;
  int target; /* a class of the model, or one of VX_TARGET_… (target.h) */
  vx_plan plan;
  vx_prior *prior; /* NULL unless a method asks for it (vx_run_make_prior) */

  /* What the store keeps of it; its methods are the config's without the hidden ones. */
  vx_run_row info;
  int *stored;                                /* [config->method_count]: index in info.methods, -1 for a hidden one */
  const char *(*columns)[VX_MEASURE_COLUMNS]; /* [config->metric_count] names of the metrics' numbers among scores */
  vx_arena *arena;
} vx_run;

/* Opens model and data, checks that everything asked for fits them, plans the passes, compares the matrix product with
   plain loops. `advice` [advice_size] (may be NULL) receives a line when a faster OpenBLAS kernel is there, else "". */
vx_run *vx_run_open(const vx_config *config, char *advice, size_t advice_size, vx_error *error);
void vx_run_close(vx_run *run);

/* Reads all masks once, for methods that need the data set's mean masks; does nothing when none does. */
bool vx_run_make_prior(vx_run *run, vx_error *error);

/* The model that a config names, with the head that it asks for; NULL on failure. */
vx_model *vx_run_open_model(const vx_config *config, vx_error *error);

/* The options of the input that a config and its checkpoint say together. */
bool vx_run_input(const vx_config *config, int image_size, vx_input_options *input, vx_error *error);

/* info.c: fills run->info from all the rest. */
bool vx_run_fill_info(vx_run *run, vx_error *error);

/* Of that the measures of run->config alone: rows, and the names of their numbers. False when memory is out. */
bool vx_run_fill_metrics(vx_run *run);

#endif
