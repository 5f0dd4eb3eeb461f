#include <stdio.h>
#include <stdlib.h>

#include "harness/bench/bench.h"
#include "harness/bench/print.h"
#include "harness/cli/cli.h"
#include "harness/run/workers.h"

const char vx_help_bench[] =
    "NAME\n"
    "  vitx bench - how fast the passes and the methods are here, and how fast they could be\n\n"
    "SYNOPSIS\n"
    "  vitx bench [--model DIR | --random base-16-224|small-16-224|tiny-16-224] [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Sends a random picture through the model, by one worker with one BLAS thread, and times every pass, what\n"
    "  each method computes itself once the passes are made, and sets of methods as a run would make them.\n"
    "  F is one forward pass of one picture in single precision; forward passes take turns with whatever is\n"
    "  timed, and every F in the tables is against those. Four times are given: median and least, by the clock\n"
    "  on the wall and of the worker's own processor time; ratios are from medians of the latter, which other\n"
    "  programs disturb less.\n\n"
    "  GFLOP counts two operations for each multiply-add of a pass's matrix products, and nothing else; of a\n"
    "  pass's products those that it really makes ([CLS] alone where only what is read has any).\n"
    "  `OpenBLAS` is the time of the same products by OpenBLAS alone, as a share of the pass's; `peak` the time\n"
    "  that they would take if every cycle issued all the multiply-adds that the processor can (measured, in\n"
    "  registers; half as many in double).\n\n"
    "  passes    relevance is timed when it is asked for again, the forward pass in double being made by then;\n"
    "            `on top` is what a worker takes longer with the plain rules too: what both share is not counted\n"
    "            twice;\n"
    "            a group is four variants of a picture in one product, as sampling methods use it\n"
    "  together  `all methods but the sampling ones`: forward pass, all passes and the methods raw-attention,\n"
    "            rollout, attention-flow, saliency, gradient-x-input, cam, gradcam, attn-gradcam, ag-cam,\n"
    "            ag-cam-full, attention-gradient, i-saw, generic-attention, transformer-attribution,\n"
    "            lrp-rollout, partial-lrp and lrp, in mixed precision\n"
    "  workers   pictures per second by one worker and by --jobs of them at once; `by processor time`: the ratio\n"
    "            that it would be if no other program used the cores\n\n"
    "OPTIONS\n"
    "  --model DIR     a checkpoint; also tells how long it takes to open\n"
    "  --random NAME   random weights of a usual shape instead [base-16-224]\n"
    "  --jobs N        workers in the last table [the processors there are]\n"
    "  --repeats N     of each measurement, 1 to 99 [5]\n"
    "  --quick         once each, few samples: to see that it works, not for reports\n"
    "  --json          one object: machine, blas, model, repeats, quick, peak_gflops, passes, methods, totals,\n"
    "                  workers, memory; times in ms, `of_products` and `of_peak` as shares of 1, `forwards` in F\n\n"
    "EXAMPLES\n"
    "  vitx bench\n"
    "  vitx bench --model models/vit-base-patch16-224 --repeats 15 --json > bench.json\n"
    "  OPENBLAS_CORETYPE=SkylakeX OPENBLAS_L2_SIZE=1024 vitx bench    where the environment pins slower kernels\n\n"
    "EXIT STATUS\n"
    "  0 measured, 1 it failed (one line says where and why), 2 bad use\n";

int vx_cmd_bench(int argc, char **argv, vx_error *error) {
  vx_bench_options o = {.repeats = 0};
  bool json = false;
  int operands;
  const vx_option options[] = {{"model", VX_OPTION_TEXT, &o.model}, {"random", VX_OPTION_TEXT, &o.random},
                               {"jobs", VX_OPTION_INT, &o.jobs},    {"repeats", VX_OPTION_INT, &o.repeats},
                               {"quick", VX_OPTION_FLAG, &o.quick}, {"json", VX_OPTION_FLAG, &json}};
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 0) return vx_bad_use(error, "bench", "wants options only");
  if (o.model && o.random) return vx_bad_use(error, "bench", "wants --model or --random, not both");
  if (!o.model && !o.random) o.random = "base-16-224";
  if (o.repeats == 0) o.repeats = o.quick ? 1 : 5;
  if (o.repeats < 1 || o.repeats > VX_BENCH_REPEATS_MAX)
    return vx_bad_use(error, "bench", "--repeats is %d, expected 1 to %d", o.repeats, VX_BENCH_REPEATS_MAX);
  if (o.jobs == 0) o.jobs = vx_work_jobs();
  if (o.jobs < 1 || o.jobs > 256) return vx_bad_use(error, "bench", "--jobs is %d, expected 1 to 256", o.jobs);
  vx_bench *bench = malloc(sizeof *bench);
  bool good = bench || vx_fail(error, "bench", "out of memory");
  good = good && vx_bench_run(&o, bench, error);
  if (good && json)
    good = vx_bench_print_json(bench, stdout, error);
  else if (good)
    vx_bench_print(bench, stdout);
  free(bench);
  return good ? 0 : 1;
}
