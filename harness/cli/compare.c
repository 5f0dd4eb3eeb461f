#include "harness/tables/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/tables/across.h"

const char vx_help_compare[] =
    "NAME\n"
    "  vitx compare - which methods really differ; whether one run is worse than another; whether measures agree\n\n"
    "SYNOPSIS\n"
    "  vitx compare FILE.sqlite [OPTIONS]\n"
    "  vitx compare FILE.sqlite[:RUN] FILE2.sqlite[:RUN] … [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  With one file: methods of one run against each other. More than two give a ranking: the mean, how many methods\n"
    "  are told apart from each and are worse or better, whether it is level with the best (not told apart from rank "
    "1),\n"
    "  and the ranks that cannot be excluded: from 1 + the methods told apart that are better, to the number of "
    "methods\n"
    "  less those that are worse. Two methods (--methods a,b), or --pairs, give a row a pair.\n"
    "  With two files (or --run2, or --scoring2 in one file): each method that both have against itself, first less\n"
    "  second: two models, two versions, two settings.\n"
    "  With three files and more (or a file:RUN several times): each less the first, method by method; runs are named "
    "by\n"
    "  the keys in which they differ, and all rows are corrected together.\n"
    "  Every comparison is paired, on the images that both have (matched by the data set's own id). Two are told "
    "apart\n"
    "  when Wilcoxon's signed-rank test has p below 0.05 after Holm's correction over all pairs (or rows); `vitx "
    "table`\n"
    "  and `vitx report` decide by the same. Beside it stand the mean difference with its 95 % bootstrap interval "
    "over\n"
    "  images, the sign-flip permutation test (uncorrected; it cannot fall below 1 / (draws + 1), which is said where "
    "it\n"
    "  does), Cohen's d_z, wins, ties and losses. Beyond 10,000 images interval and permutation test are the normal\n"
    "  ones.\n\n"
    "  With --metrics: measures of one run against each other, over the images that have all of them: the rank "
    "correlation\n"
    "  of the methods' means (Spearman, Kendall's tau-b; each measure turned so that more is better) with its "
    "bootstrap\n"
    "  interval over images; or with --ranks each method's mean and rank under each measure, in the order of the "
    "first: "
    "what\n"
    "  overlap says beside what the model says, or how ranks hang on what a removed patch becomes. Correlations are "
    "over "
    "the\n"
    "  methods that look at the model, or over those of --methods.\n\n"
    "OPTIONS\n"
    "  --methods a,b,…      these methods only, in this order\n"
    "  --metric NAME        iou, f1, pixel_accuracy, or a further one that the run has; default: iou\n"
    "  --metrics a,b,…|all  measures against each other: columns (iou, deletion@black) or measures (overlap, road)\n"
    "  --ranks              with --metrics: the methods' ranks instead of the correlations\n"
    "  --by WHAT            separately by class, correct (prediction right or wrong) or size of the objects\n"
    "  --pairs              all pairs instead of a ranking\n"
    "  --fail-below X       exit status 1 if any difference (first less second, in points where the metric is in\n"
    "                       percent) is below X; for two methods or two runs\n"
    "  --run N, --run2 N    runs (`vitx ls runs FILE`); default: the newest of each file\n"
    "  --scoring NAME, --scoring2 NAME   scorings made by `vitx rescore`; default: main\n"
    "  --min-confidence P   only images whose top class has a probability above P\n"
    "  --resamples N        of bootstrap and permutation test; default 10000\n"
    "  --seed N             default 1\n"
    "  --format FORMAT      text, markdown, csv, latex, json; default: text\n\n"
    "EXAMPLES\n"
    "  vitx compare results/demo.sqlite\n"
    "  vitx compare results/demo.sqlite --methods rollout,center --by size\n"
    "  vitx compare new.sqlite old.sqlite --fail-below -0.5     # in CI: no method may lose half a point\n"
    "  vitx compare a.sqlite b.sqlite c.sqlite --metric iou\n"
    "  vitx compare results/table1.sqlite --scoring main --scoring2 void-ignored\n"
    "  vitx compare results/demo.sqlite --metrics iou,deletion,single-deletion\n"
    "  vitx compare results/demo.sqlite --metrics deletion,deletion@black --ranks\n\n"
    "EXIT STATUS\n"
    "  0 printed; 1 a difference is below X, or a file cannot be read; 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help table, vitx help rescore\n";

typedef struct request {
  vx_compare_options compare;
  vx_format format;
  double fail_below; /* NaN: never */
  const char *first, *second;
} request;

static int print_comparison(const request *r, vx_store *store, vx_store *second, vx_error *error) {
  vx_compare_verdict verdict = {.lowest = NAN};
  vx_sheet *sheet = r->compare.metrics ? vx_across_sheet(store, &r->compare, error)
                                       : vx_compare_make(store, second, &r->compare, &verdict, error);
  bool ok = sheet && vx_sheet_print(sheet, r->format, stdout, error);
  vx_sheet_free(sheet);
  if (ok && verdict.lowest < r->fail_below) {
    return vx_fail(error, verdict.what, "differs by %.6g, below %.6g", verdict.lowest, r->fail_below), 1;
  }
  return ok ? 0 : 1;
}

static int compare(request *r, vx_error *error) {
  int64_t run, run2 = 0;
  vx_store *store = vx_open_run(r->first, &run, error);
  vx_store *second = store && r->second ? vx_open_run(r->second, &run2, error) : NULL;
  if (run) r->compare.run = run;
  if (run2) r->compare.run2 = run2;
  int status = store && (second || !r->second) ? print_comparison(r, store, second, error) : 1;
  vx_store_close(second);
  vx_store_close(store);
  return status;
}

/* Three runs and more: FILE or FILE:RUN each. */
static int compare_many(const request *r, int count, char **files, vx_error *error) {
  vx_many_run *runs = calloc((size_t)count, sizeof *runs);
  vx_arena *arena = vx_arena_new();
  vx_compare_verdict verdict = {.lowest = NAN};
  bool ok = (runs && arena) || vx_fail(error, files[0], "out of memory");
  for (int i = 0; ok && i < count; i++) ok = (runs[i].store = vx_open_run(files[i], &runs[i].run, error)) != NULL;
  vx_sheet *sheet = ok ? vx_compare_many(runs, count, &r->compare, arena, &verdict, error) : NULL;
  ok = sheet && vx_sheet_print(sheet, r->format, stdout, error);
  vx_sheet_free(sheet);
  for (int i = 0; runs && i < count; i++) vx_store_close(runs[i].store);
  vx_arena_free(arena);
  free(runs);
  if (ok && verdict.lowest < r->fail_below)
    ok = vx_fail(error, verdict.what, "differs by %.6g, below %.6g", verdict.lowest, r->fail_below);
  return ok ? 0 : 1;
}

static int check(const request *r, int run, int run2, int seed, vx_error *error) {
  const vx_compare_options *o = &r->compare;
  if (run < 0 || run2 < 0 || seed < 0)
    return vx_bad_use(error, "compare", "--run, --run2, --seed want numbers from 0 on");
  if (o->resamples < 100 || o->resamples > 1000000) {
    return vx_bad_use(error, "compare", "--resamples wants a number from 100 to 1000000");
  }
  if (o->ranks && !o->metrics) return vx_bad_use(error, "compare", "--ranks is of measures: --metrics a,b,…");
  if (o->metrics && (r->second || run2 || o->scoring2 || o->by || o->pairs || !isnan(r->fail_below)))
    return vx_bad_use(error, "compare", "--metrics compares measures of one run: without --by, --pairs, --fail-below");
  const char *comma = o->methods ? strchr(o->methods, ',') : NULL;
  bool two_methods = comma && !strchr(comma + 1, ',');
  if (!isnan(r->fail_below) && !two_methods && !r->second && !run2 && !o->scoring2) {
    return vx_bad_use(error, "compare", "--fail-below is for two methods (--methods a,b) or two runs");
  }
  return 0;
}

int vx_cmd_compare(int argc, char **argv, vx_error *error) {
  request r = {.compare = vx_compare_defaults(), .fail_below = NAN};
  vx_compare_options *o = &r.compare;
  const char *format_name = "text";
  int run = 0, run2 = 0, seed = 1, operands;
  const vx_option options[] = {
      {"methods", VX_OPTION_TEXT, &o->methods},
      {"metric", VX_OPTION_TEXT, &o->metric},
      {"metrics", VX_OPTION_TEXT, &o->metrics},
      {"ranks", VX_OPTION_FLAG, &o->ranks},
      {"by", VX_OPTION_TEXT, &o->by},
      {"pairs", VX_OPTION_FLAG, &o->pairs},
      {"fail-below", VX_OPTION_REAL, &r.fail_below},
      {"run", VX_OPTION_INT, &run},
      {"run2", VX_OPTION_INT, &run2},
      {"scoring", VX_OPTION_TEXT, &o->scoring},
      {"scoring2", VX_OPTION_TEXT, &o->scoring2},
      {"min-confidence", VX_OPTION_REAL, &o->min_confidence},
      {"resamples", VX_OPTION_INT, &o->resamples},
      {"seed", VX_OPTION_INT, &seed},
      {"format", VX_OPTION_TEXT, &format_name},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands < 1) return vx_bad_use(error, "compare", "expected a results file, or several");
  r.first = argv[argc - operands];
  r.second = operands == 2 ? argv[argc - 1] : NULL;
  if (!vx_format_parse(format_name, &r.format, error)) return 2;
  bool many = operands > 2;
  if (many && (run || run2 || o->scoring2 || o->by || o->pairs))
    return vx_bad_use(error, "compare", "three runs and more without --run (FILE:RUN), --scoring2, --by and --pairs");
  if (many) r.second = argv[argc - 1]; /* --fail-below is of runs */
  int status = check(&r, run, run2, seed, error);
  if (status) return status;
  o->run = run;
  o->run2 = run2;
  o->seed = (uint64_t)seed;
  return many ? compare_many(&r, operands, argv + argc - operands, error) : compare(&r, error);
}
