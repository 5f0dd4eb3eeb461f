/* Numbers that others have published (configs/published.yaml), to print beside ours. */
#ifndef VX_CONFIG_PUBLISHED_H
#define VX_CONFIG_PUBLISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { VX_PUBLISHED_SCORES = 16 };

typedef struct vx_published_score {
  const char *metric; /* as our columns are named */
  double value;       /* as printed: percent */
} vx_published_score;

typedef struct vx_published_row {
  const char *id, *study, *label; /* label: the method's name as printed */
  const char *method;             /* our method; "" when there is none */
  const char *title, *source;     /* of the study; "" when not said */
  vx_published_score scores[VX_PUBLISHED_SCORES];
  int score_count;
  int images;        /* how many the numbers are a mean over; -1: not said */
  int64_t index_sum; /* of their places in the list; -1: not said */
} vx_published_row;

typedef struct vx_published {
  vx_published_row *rows;
  int count;
} vx_published;

/* Reads a file; NULL: configs/published.yaml under the working directory, or where that is not, the one that the
   program was built with. All texts lie in the arena. */
bool vx_published_read(const char *path, vx_arena *arena, vx_published *published, vx_error *error);

/* Rows that `id` names: one by its id, or all of a study. Fills rows [room] and returns how many there are; 0 with an
   error that names the nearest id. */
int vx_published_find(const vx_published *published, const char *id, const vx_published_row **rows, int room,
                      vx_error *error);

/* The score of a metric, NaN when the row has none. */
double vx_published_score_of(const vx_published_row *row, const char *metric);

#endif
