/* Methods named on the command line, for commands without a configuration file. */
#ifndef VX_CLI_METHODS_H
#define VX_CLI_METHODS_H

#include "base/arena.h"
#include "harness/cli/cli.h"
#include "harness/config/config.h"

typedef struct vx_method_list {
  vx_method *methods; /* [count] with hidden ones: parts of mixes that were not asked for by themselves */
  int count, shown;
  vx_arena *arena; /* owns all of it; freed by vx_method_list_free */
} vx_method_list;

/* Reads `text`: ids, `all` (every method but those that need one of `lacking`, bits VX_NEED_…), and mixes such as
   rollout+lrp-stable:sqrt, parted by commas; and `params`, texts METHOD.NAME=VALUE for methods of the list. The error
   names the option and the nearest known word. */
bool vx_method_list_read(const char *text, const vx_texts *params, unsigned lacking, const vx_shape *shape,
                         vx_method_list *list, vx_error *error);
void vx_method_list_free(vx_method_list *list);

/* A class of the model from "top", "second", an index or a label; top is -1, second -2. False names the option. */
bool vx_class_read(const char *text, const char *option, const vx_model *model, int *label, vx_error *error);

#endif
