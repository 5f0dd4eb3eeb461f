/* The numbers that a run has of each map: the columns of its measures, under the names that they have there, and what
   is known of them. Tables, comparison and report choose among them in one way. */
#ifndef VX_TABLES_COLUMN_H
#define VX_TABLES_COLUMN_H

#include "harness/store/query.h"
#include "metrics/measure.h"

typedef struct vx_column {
  const char *name;               /* iou, f1, pixel_accuracy, then as in the table scores */
  const char *title, *meaning;    /* of a measure under another name that name is the title */
  const char *of, *parameters;    /* the measure's name in the run and "name=value …"; "" of an unknown one */
  const vx_measure *measure;      /* NULL: not one of this program's */
  const vx_measure_column *about; /* NULL likewise */
  double scale;                   /* 100 for what tables print in percent */
  bool higher;                    /* is better */
} vx_column;

enum { VX_COLUMNS_OWN = 3 }; /* iou, f1 and pixel_accuracy come first */

/* Those of which the scoring has numbers, in the order of the run's measures. */
bool vx_columns_read(vx_store *store, int64_t run, int64_t scoring, vx_arena *arena, vx_column **columns, int *count,
                     vx_error *error);

/* Whether it says what the map has to do with the model: its measure runs the model, or makes the method again. */
bool vx_column_is_faithful(const vx_column *column);

/* Marks in chosen [count] those that `list` names: columns ("deletion,retrieval.recall"), whole measures as the run
   calls them ("overlap"), `all`. Fails on a word that is none of them and names the nearest; `where` is the option. */
bool vx_columns_choose(const vx_column *columns, int count, const char *list, const char *where, vx_arena *arena,
                       bool *chosen, vx_error *error);

/* Whether its measure has this parameter with this value in the run ("unit", "patch"). */
bool vx_column_is_with(const vx_column *column, const char *parameter, const char *value);

/* The ceiling row: single-deletion asks how a map agrees with the drops that occlusion, removing in the same way, has
   for a map. */
bool vx_column_has_ceiling(const vx_column *column, const vx_method_row *method);

#endif
