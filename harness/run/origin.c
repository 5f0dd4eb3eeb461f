#include "harness/run/origin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

vx_config *vx_origin_config(const vx_run_row *run, const char *const *set, int set_count, vx_error *error) {
  /* what its protocol fixed stands among the keys: the protocol's file need not be here */
  const char **all = calloc((size_t)set_count + 1, sizeof *all);
  if (!all) return vx_fail(error, run->name, "out of memory"), NULL;
  all[0] = "protocol=none";
  for (int i = 0; i < set_count; i++) all[i + 1] = set[i];
  vx_config *config = vx_config_parse(run->config, strlen(run->config), run->name, all, set_count + 1, error);
  free(all);
  return config;
}

bool vx_origin_open(const vx_run_row *run, const char *root, const char *split, vx_origin *origin, vx_error *error) {
  *origin = (vx_origin){.config = vx_origin_config(run, NULL, 0, error)};
  const vx_config *config = origin->config;
  if (config &&
      vx_voc_open(root ? root : config->root, split ? split : config->split, &config->labels, &origin->voc, error))
    return true;
  origin->voc = (vx_voc){0};
  vx_origin_close(origin);
  return false;
}

void vx_origin_close(vx_origin *origin) {
  if (origin->voc.count) vx_voc_close(&origin->voc);
  if (origin->val.count) vx_voc_close(&origin->val);
  vx_config_free(origin->config);
  *origin = (vx_origin){0};
}

bool vx_origin_input(const vx_run_row *run, vx_input_options *input, vx_error *error) {
  return vx_input_parse(run->input, vx_where(error, "%s: the run's input", run->name), input, error);
}

/* The place of an id in a list, -1: not there. */
static int find(const vx_voc *voc, const char *id) {
  for (size_t i = 0; i < voc->count; i++)
    if (strcmp(voc->entry[i].id, id) == 0) return (int)i;
  return -1;
}

const vx_voc_entry *vx_origin_entry(const vx_origin *origin, const vx_image_row *image) {
  const vx_voc *voc = &origin->voc;
  size_t place = (size_t)image->position;
  if (place < voc->count && strcmp(voc->entry[place].id, image->image_id) == 0) return &voc->entry[place];
  int found = find(voc, image->image_id);
  return found < 0 ? NULL : &voc->entry[found];
}

bool vx_origin_same_mask(const vx_voc_entry *entry, const vx_mask *mask, int64_t run, const char *then,
                         vx_error *error) {
  char now[VX_DIGEST_SIZE];
  vx_mask_digest(mask, now);
  if (then && strcmp(then, now) == 0) return true;
  return vx_fail(error, entry->mask, "is not the mask that run %" PRId64 " saw (digest %s, now %s)", run,
                 then ? then : "none", now);
}

void vx_origin_open_val(vx_origin *origin) {
  if (!origin->config || !vx_file_exists(origin->config->split)) return;
  if (!vx_voc_open(origin->voc.root, "val", &origin->config->labels, &origin->val, NULL)) origin->val = (vx_voc){0};
}

int vx_origin_index(const vx_origin *origin, const vx_image_row *image) {
  int found = find(&origin->val, image->image_id);
  return found < 0 ? image->position : found;
}
