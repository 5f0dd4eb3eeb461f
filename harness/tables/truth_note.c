#include "harness/tables/truth_note.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/data/mask.h"

/* "" is a mask that there is not, or that could not be read. */
static vx_truth_status status_of(const char *name) {
  vx_truth_status status = VX_TRUTH_INTERPOLATED;
  while (status != VX_TRUTH_NONE && strcmp(vx_truth_name(status), name) != 0) status--;
  return status;
}

/* The run's warnings about pictures are those of EXIF. */
static bool note_turned(vx_store *store, int64_t run, vx_arena *arena, vx_sheet *sheet, vx_error *error) {
  vx_trouble_row *rows;
  int count;
  if (!vx_query_troubles(store, run, arena, &rows, &count, error)) return false;
  for (int i = 0; i < count; i++)
    if (!strcmp(rows[i].severity, "warning") && !strcmp(rows[i].stage, "picture"))
      vx_sheet_note(sheet, "%d pictures are stored turned, which was ignored (input.exif).", rows[i].images);
  return true;
}

bool vx_truth_note(vx_store *store, int64_t run, vx_arena *arena, vx_sheet *sheet, int *unscored, vx_error *error) {
  vx_truth_row *rows;
  vx_text text = {0};
  int count, all = 0, scored = 0;
  *unscored = 0;
  if (!vx_query_truths(store, run, arena, &rows, &count, error)) return false;
  for (int i = 0; i < count; i++) {
    vx_truth_status status = status_of(rows[i].truth);
    all += rows[i].images;
    scored += vx_truth_counts(status) ? rows[i].images : 0;
    if (status == VX_TRUTH_OK) continue;
    vx_text_add(&text, "%s%d %s", text.length ? ", " : "", rows[i].images,
                status == VX_TRUTH_NONE ? "without a mask that can be used" : vx_truth_words(status));
  }
  *unscored = all - scored;
  if (text.length && !text.broken)
    vx_sheet_note(sheet, "Truth: %d of %d images through the gate scored; %s.", scored, all, text.text);
  free(text.text);
  return note_turned(store, run, arena, sheet, error);
}
