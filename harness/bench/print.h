/* What `vitx bench` measured, for eyes and for programs. */
#ifndef VX_BENCH_PRINT_H
#define VX_BENCH_PRINT_H

#include <stdio.h>

#include "harness/bench/bench.h"

void vx_bench_print(const vx_bench *bench, FILE *to);

/* One JSON object; its keys are told in the command's help. False when memory is out. */
bool vx_bench_print_json(const vx_bench *bench, FILE *to, vx_error *error);

#endif
