/* A run's configuration: every key that there is (spec section 9), its default, its checks.

   The keys are one table (keys.c): reading, checking, printing and `vitx help config` all go by it. */
#ifndef VX_CONFIG_H
#define VX_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/vx.h"
#include "explainers/explainer.h"
#include "harness/config/protocol.h"
#include "harness/config/setting.h"
#include "harness/config/yaml.h"
#include "harness/data/mask_labels.h"

typedef enum vx_cfg_normalize {
  VX_CFG_NORMALIZE_CHECKPOINT,
  VX_CFG_NORMALIZE_NONE,
  VX_CFG_NORMALIZE_OWN
} vx_cfg_normalize;
enum { VX_AS_CHECKPOINT = 2, VX_FILTER_AS_CHECKPOINT = VX_FILTERS }; /* resize, filter: as the checkpoint says */

/* One method of the run, under its name there. */
typedef struct vx_method {
  const vx_explainer *explainer;
  vx_args args;
  const char *name; /* `as`, else the id; of a mix part+part:by */
  bool hidden;      /* only a part of mixes: made, but neither scored nor stored */
  bool of_all;      /* asked for by `all` alone: a run of a model that has no such map goes without */
  const int *parts; /* of a mix: indices into the run's methods */
  int part_count;   /* 0: no mix */
  int line;         /* in the file; 0: not from there */
} vx_method;

/* One measure of the run, under its name there. */
typedef struct vx_metric {
  const vx_measure *measure;
  vx_args args;
  const char *name; /* `as`, else the id */
} vx_metric;

enum { VX_METHODS_MAX = 4096, VX_MIX_PARTS_MAX = 16 };

/* A mean or deviation a channel, a pair of such. */
typedef struct vx_cfg_triple {
  double value[3];
} vx_cfg_triple;

typedef struct vx_config {
  vx_arena *arena;  /* owns every text here */
  const char *path; /* of the file */
  const char *name; /* its name without folder and ending: the run's */

  const char *protocol; /* name or file, or NULL */
  vx_protocol *rules;   /* the protocol; NULL without one */

  const char *model;        /* folder of the checkpoint */
  const char *root, *split; /* data set */
  vx_label_rules labels;    /* what its masks' values mean */
  const char *classes;      /* class map, or NULL: the identity by name */

  int exif;                /* vx_exif */
  int resize, filter;      /* vx_resize or VX_AS_CHECKPOINT; vx_filter or VX_FILTER_AS_CHECKPOINT */
  int arithmetic;          /* vx_arithmetic */
  int normalize;           /* vx_cfg_normalize */
  double crop_pct;         /* 0: as the checkpoint says */
  vx_cfg_triple mean, std; /* with normalize: {mean: …, std: …} */

  double min_confidence;
  const char *target; /* top, second, ground-truth, an index or a label */
  int output;         /* vx_output */
  int precision;      /* vx_precision */
  int head_classes;   /* head: {random: K}; 0: the checkpoint's own */
  long long head_seed;
  long long seed; /* of methods that draw */

  vx_method *methods;
  int method_count, method_room;
  vx_metric metrics[VX_METRICS_MAX];
  int metric_count;

  vx_setting score;
  const char *compare_with; /* a row of configs/published.yaml, or NULL */
} vx_config;

/* Reads a file, applies the `set` texts ("score.size=image"; `set_count` of them) over it, fills in defaults, checks
   all of it. NULL on failure: the error names file, line, key, and for an unknown key the nearest known one. */
vx_config *vx_config_read(const char *path, const char *const *set, int set_count, vx_error *error);

/* The same from a text; `path` is what errors call it. */
vx_config *vx_config_parse(const char *text, size_t size, const char *path, const char *const *set, int set_count,
                           vx_error *error);

/* The same from a tree (which stays the caller's; `set` is applied to it). */
vx_config *vx_config_from(vx_yaml *root, const char *path, const char *const *set, int set_count, vx_error *error);

void vx_config_free(vx_config *config);

/* The whole effective configuration as YAML, every key in the order of the table: reading it gives the same
   configuration. To be freed; NULL when memory is out. */
char *vx_config_print(const vx_config *config);

/* The keys of a configuration, given as text, whose value is not the default: "head.random=20, input.filter=bilinear".
   Not among them are model, data, classes, methods, metrics and compare_with, and without `score` those of score. Keys
   and values need not be today's. To be freed; NULL when memory is out, or for a text that is no YAML; `name` is what
   errors call it. */
char *vx_config_changed(const char *config, const char *name, bool score, vx_error *error);

/* All keys of a configuration, given as text, with their values; without those that vx_config_changed leaves out but
   for score's. False when memory is out (so says `take` by false, too) and for a text that is no YAML. */
bool vx_config_each(const char *config, const char *name, bool (*take)(void *user, const char *key, const char *value),
                    void *user, vx_error *error);

/* The index of a method by its name in the run, or -1. */
int vx_config_find_method(const vx_config *config, const char *name);

/* How a choice is written: vx_config_word("output", config->output, arena) is "logit" … ; in the arena; NULL when
   memory is out. */
const char *vx_config_word(const char *key, int value, vx_arena *arena);

/* The keys data.labels (as YAML) and data.mask_encoding from an option's words, each may be NULL; texts lie in `arena`.
 */
bool vx_config_labels(const char *labels, const char *encoding, vx_arena *arena, vx_label_rules *rules,
                      vx_error *error);

/* The help page on all keys. To be freed; NULL when memory is out. */
char *vx_config_help(void);

/* Methods as options of commands without a file say them: `list` of ids, `all`, and mixes such as
   rollout+lrp-stable:sqrt, parted by commas, or with braces as in a file (NULL: none); `params`, texts
   METHOD.NAME=VALUE for methods of the list. `all` leaves out what needs one of `lacking`, bits VX_NEED_…, and what a
   model of this shape has no map by; by name that is refused. Gives a configuration of
   methods and nothing else, to be freed; NULL on failure: the error names the option and the nearest known word. */
vx_config *vx_config_methods(const char *list, const char *const *params, int param_count, unsigned lacking,
                             const vx_shape *shape, vx_error *error);

/* Adds measures, `list` as the key `metrics` without its brackets, to a configuration. */
bool vx_config_metrics(vx_config *config, const char *list, const char *option, vx_error *error);

/* A method from its text "id" with parameters set to their defaults, for commands without a file.
   False when there is none of that id; the error names the nearest. */
bool vx_method_from_id(const char *id, const char *where, vx_method *method, vx_error *error);

#endif
