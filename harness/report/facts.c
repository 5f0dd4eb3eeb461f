#include "harness/report/parts.h"

int vx_report_predicted_class(const vx_report *report, int image) {
  int label = report->images.rows[image].label;
  for (int i = 0; i < report->label_count; i++)
    if (report->labels[i].label == label) return report->labels[i].data_class;
  return -1;
}

void vx_report_put(vx_report *report, json_t *object, const char *key, json_t *value) {
  if (json_object_set_new(object, key, value) != 0) report->lost = true;
}

void vx_report_push(vx_report *report, json_t *list, json_t *value) {
  if (json_array_append_new(list, value) != 0) report->lost = true;
}

static json_t *put_empty(vx_report *report, json_t *object, const char *key, json_t *empty) {
  if (json_object_set_new(object, key, empty) == 0) return empty;
  report->lost = true;
  return NULL;
}

json_t *vx_report_put_list(vx_report *report, json_t *object, const char *key) {
  return put_empty(report, object, key, json_array());
}

json_t *vx_report_put_object(vx_report *report, json_t *object, const char *key) {
  return put_empty(report, object, key, json_object());
}

bool vx_report_embed(vx_report *report, const char *id, json_t *data, vx_error *error) {
  if (!report->lost) return vx_embed_write(report->to, id, data, error);
  json_decref(data);
  return vx_fail(error, "report", "out of memory");
}
