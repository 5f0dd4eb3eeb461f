/* What stands at the head of all that is made of a run: a title that tells it from any other run, and a line each on
   what was understood of data, labels, pictures, head, scoring and images. */
#ifndef VX_HEADING_H
#define VX_HEADING_H

#include "harness/store/query.h"
#include "harness/tables/sheet.h"

enum { VX_HEADING_LINES = 6 };

typedef struct vx_heading_line {
  const char *about, *text;
} vx_heading_line;

typedef struct vx_heading {
  /* "demo (run 1, scoring half; head.random=20)": the name, the number in the file, a scoring other than main, and the
     keys of the configuration that are not the default; those of score where they are the scoring's. */
  const char *title;
  vx_heading_line line[VX_HEADING_LINES];
} vx_heading;

/* As far as the file knows them; `images` are those through the gate at hand. Texts in the arena. */
bool vx_heading_read(vx_store *store, const vx_run_row *run, const vx_scoring_row *scoring, const vx_image_set *images,
                     double min_confidence, vx_arena *arena, vx_heading *heading, vx_error *error);

/* Puts the lines below the sheet's title. With `second` (or NULL), those of another run beside them where they differ.
 */
void vx_heading_put(const vx_heading *heading, const vx_heading *second, vx_sheet *sheet);

#endif
