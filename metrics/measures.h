/* The measures that registry.c lists, each defined in the file of its name. */
#ifndef VX_MEASURES_H
#define VX_MEASURES_H

#include "metrics/metric.h"

extern const vx_metric vx_metric_overlap;
extern const vx_metric vx_metric_retrieval;
extern const vx_metric vx_metric_two_class;
extern const vx_metric vx_metric_oracle;
extern const vx_metric vx_metric_pointing;
extern const vx_metric vx_metric_average_precision;
extern const vx_metric vx_metric_focus;

#endif
