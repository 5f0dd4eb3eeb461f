#include "harness/run/origin.h"

#include <string.h>

#include "harness/config/yaml.h"
#include "base/file.h"

bool vx_data_of_run(const vx_run_row *run, const char *root, const char *split, vx_voc *voc, vx_error *error) {
  *voc = (vx_voc){0};
  vx_yaml *config = vx_yaml_parse(run->config, strlen(run->config), "the run's configuration", error);
  const vx_yaml *data = config ? vx_yaml_find(config, "data") : NULL;
  const vx_yaml *own_root = data ? vx_yaml_find(data, "root") : NULL, *own = data ? vx_yaml_find(data, "split") : NULL;
  if (!root && own_root) root = own_root->text;
  if (!split && own) split = own->text;
  bool good = root && split && vx_voc_open(root, split, voc, error);
  if (!root || !split) vx_fail(error, run->name, "its configuration names no data set");
  if (!good) *voc = (vx_voc){0};
  vx_yaml_free(config);
  return good;
}

const vx_voc_entry *vx_data_entry(const vx_voc *voc, const vx_image_row *image) {
  size_t place = (size_t)image->position;
  if (place < voc->count && strcmp(voc->entry[place].id, image->image_id) == 0) return &voc->entry[place];
  for (size_t i = 0; i < voc->count; i++)
    if (strcmp(voc->entry[i].id, image->image_id) == 0) return &voc->entry[i];
  return NULL;
}

void vx_data_val(const vx_run_row *run, const char *root, vx_voc *val) {
  vx_error error;
  *val = (vx_voc){0};
  vx_yaml *config = vx_yaml_parse(run->config, strlen(run->config), "", &error);
  const vx_yaml *data = config ? vx_yaml_find(config, "data") : NULL;
  const vx_yaml *own_root = data ? vx_yaml_find(data, "root") : NULL, *own = data ? vx_yaml_find(data, "split") : NULL;
  if (!root && own_root) root = own_root->text;
  if (root && own && vx_file_exists(own->text) && !vx_voc_open(root, "val", val, &error)) *val = (vx_voc){0};
  vx_yaml_free(config);
}

int vx_data_index(const vx_voc *val, const vx_image_row *image) {
  for (size_t i = 0; i < val->count; i++)
    if (strcmp(val->entry[i].id, image->image_id) == 0) return (int)i;
  return image->position;
}
