#include "harness/report/parts.h"

int vx_report_predicted_class(const vx_report *report, int image) {
  int label = report->images.rows[image].label;
  for (int i = 0; i < report->label_count; i++)
    if (report->labels[i].label == label) return report->labels[i].data_class;
  return -1;
}
