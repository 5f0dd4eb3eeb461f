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
#include "harness/config/yaml.h"

/* The order of the words is that of the choices in keys.c. */
typedef enum vx_cfg_resize { VX_CFG_RESIZE_CHECKPOINT, VX_CFG_SQUASH, VX_CFG_CROP } vx_cfg_resize;
/* Filters are vx_filter counted from 1, arithmetic is vx_arithmetic. */
enum { VX_CFG_FILTER_CHECKPOINT, VX_CFG_BILINEAR };
enum { VX_CFG_PILLOW, VX_CFG_FLOAT };
typedef enum vx_cfg_normalize {
  VX_CFG_NORMALIZE_CHECKPOINT,
  VX_CFG_NORMALIZE_NONE,
  VX_CFG_NORMALIZE_OWN
} vx_cfg_normalize;
typedef enum vx_cfg_void { VX_CFG_VOID_IGNORE, VX_CFG_VOID_BACKGROUND, VX_CFG_VOID_FOREGROUND } vx_cfg_void;
typedef enum vx_cfg_mask_resize { VX_CFG_MASK_PILLOW, VX_CFG_MASK_OPENCV } vx_cfg_mask_resize;
typedef enum vx_cfg_foreground {
  VX_CFG_FOREGROUND_ANY,
  VX_CFG_FOREGROUND_MAIN,
  VX_CFG_FOREGROUND_PREDICTED,
  VX_CFG_FOREGROUND_CLASS
} vx_cfg_foreground;
typedef enum vx_cfg_size { VX_CFG_SIZE_INPUT, VX_CFG_SIZE_IMAGE, VX_CFG_SIZE_OWN } vx_cfg_size;
typedef enum vx_cfg_aggregate { VX_CFG_MEAN, VX_CFG_POOLED, VX_CFG_PER_CLASS } vx_cfg_aggregate;

/* One method of the run, under its name there. */
typedef struct vx_method {
  const vx_explainer *explainer;
  vx_args args;
  const char *name; /* `as`, else the id; of a mix part+part:by */
  bool hidden;      /* only a part of mixes: made, but neither scored nor stored */
  const int *parts; /* of a mix: indices into the run's methods */
  int part_count;   /* 0: no mix */
  int line;         /* in the file; 0: not from there */
} vx_method;

enum { VX_METHODS_MAX = 4096, VX_MIX_PARTS_MAX = 16, VX_CFG_METRICS_MAX = 32 };

/* A mean or deviation a channel, a pair of such. */
typedef struct vx_cfg_triple {
  double value[3];
} vx_cfg_triple;

typedef struct vx_config {
  vx_arena *arena;  /* owns every text here */
  const char *path; /* of the file */
  const char *name; /* its name without folder and ending: the run's */

  const char *model;        /* folder of the checkpoint */
  const char *root, *split; /* data set */
  const char *classes;      /* class map, or NULL: the identity by name */

  int resize, filter, arithmetic, normalize; /* vx_cfg_… */
  double crop_pct;                           /* 0: as the checkpoint says */
  vx_cfg_triple mean, std;                   /* with normalize: {mean: …, std: …} */

  double min_confidence;
  const char *target; /* top, second, ground-truth, an index or a label */
  int output;         /* vx_output */
  int precision;      /* vx_precision */
  int head_classes;   /* head: {random: K}; 0: the checkpoint's own */
  long long head_seed;
  long long seed; /* of methods that draw */

  vx_method *methods;
  int method_count, method_room;
  const char *metrics[VX_CFG_METRICS_MAX];
  int metric_count;

  int size, size_pixels; /* vx_cfg_size; the side with VX_CFG_SIZE_OWN */
  const char *threshold; /* otsu, mean, or a number from 0 to 1 */
  int foreground, foreground_class;
  int void_pixels, mask_resize, aggregate;
  int accuracy_is_recall;   /* 0: accuracy, 1: recall */
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

/* The index of a method by its name in the run, or -1. */
int vx_config_find_method(const vx_config *config, const char *name);

/* How a choice is written: vx_config_word("score.void", config->void_pixels) is "ignore" … */
const char *vx_config_word(const char *key, int value);

/* "input", "image" or the number; "any", "main", "predicted" or "class=N". Written into text. */
const char *vx_config_size_text(const vx_config *config, char *text, size_t size);
const char *vx_config_foreground_text(const vx_config *config, char *text, size_t size);

/* "any", "main", "predicted", "class=N"; "input", "image", "N": also for options of commands. */
bool vx_config_foreground_parse(const char *text, int *foreground, int *label);
bool vx_config_size_parse(const char *text, int *size, int *pixels);

/* The help page on all keys. To be freed; NULL when memory is out. */
char *vx_config_help(void);

/* A method from its text "id" with parameters set to their defaults, for commands without a file.
   False when there is none of that id; the error names the nearest. */
bool vx_method_from_id(const char *id, const char *where, vx_method *method, vx_error *error);

#endif
