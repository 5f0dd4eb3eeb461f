#include "harness/run/target.h"

#include <stdlib.h>
#include <string.h>

bool vx_target_read(const char *text, const vx_model *model, bool data_set, const char *where, int *target,
                    vx_error *error) {
  int classes = vx_model_shape(model)->classes;
  char *end;
  long index = strtol(text, &end, 10);
  if (strcmp(text, "top") == 0)
    *target = VX_TARGET_TOP;
  else if (strcmp(text, "second") == 0)
    *target = VX_TARGET_SECOND;
  else if (data_set && strcmp(text, "ground-truth") == 0)
    *target = VX_TARGET_TRUTH;
  else if (*text && !*end) {
    if (index < 0 || index >= classes)
      return vx_fail(error, where, "is %ld, the model has classes 0 to %d", index, classes - 1);
    *target = (int)index;
  } else {
    *target = vx_model_find_label(model, text);
    if (*target < 0)
      return vx_fail(error, where, "is '%.80s': neither top, second, %san index nor a label of the model", text,
                     data_set ? "ground-truth, " : "");
  }
  if (*target == VX_TARGET_SECOND && classes < 2)
    return vx_fail(error, where, "is second, but the model has one class");
  return true;
}
