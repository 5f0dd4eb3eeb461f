#include "harness/tables/table.h"
#include "harness/tables/many.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/cli/cli.h"
#include "harness/run/workers.h"
#include "harness/tables/thresholds.h"

const char vx_help_table[] =
    "NAME\n"
    "  vitx table - the paper's Table 1 from a results file\n\n"
    "SYNOPSIS\n"
    "  vitx table FILE.sqlite [OPTIONS]\n"
    "  vitx table FILE.sqlite[:RUN] FILE2.sqlite[:RUN] … [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  A row a method: IoU with its 95 % interval, F1 and pixel accuracy in percent, the IoU above what a random mask "
    "of\n"
    "  the same density is expected to reach, the number of images n, and how many maps were flat (a map without\n"
    "  contrast becomes an empty mask; it is scored and counted like any other). level and ranks are what `vitx "
    "compare`\n"
    "  decides by IoU: not told apart from the best row, and the ranks that cannot be excluded. Rows are sorted by "
    "family. Those\n"
    "  marked * never look at the model: what a method adds is what it has above them. Measures that ask the model\n"
    "  (deletion, single-deletion … docs/measures.md) stand beside the overlap; = marks rows that are level with the "
    "best "
    "of\n"
    "  such a column, ^ the row that is a measure's own ceiling (occlusion under single-deletion). Under the methods "
    "that "
    "the\n"
    "  run's `compare_with` is about stand the published numbers and the difference.\n\n"
    "  With several files (or a file:RUN several times) one number of each, IoU or that of --metrics: a column a run, "
    "named\n"
    "  by the keys in which the runs differ.\n\n"
    "OPTIONS\n"
    "  --run N              this run (`vitx ls runs FILE` lists them); default: the newest\n"
    "  --scoring NAME       a scoring made by `vitx rescore`; default: main, the run's own\n"
    "  --min-confidence P   only images whose top class has a probability above P; at least the run's own gate\n"
    "  --aggregate HOW      mean over images, pooled (from summed counts) or class (mean of the classes' means);\n"
    "                       default: as the run's config says\n"
    "  --by WHAT            separate rows by class, correct (prediction right or wrong through the class map) or size\n"
    "                       (objects cover up to a tenth, up to three tenths, more of the picture)\n"
    "  --thresholds         instead: each method's mean IoU under Otsu, mean and 0.5, and under the best threshold "
    "that\n"
    "                       there is for the data set and for each image (reads the masks again)\n"
    "  --data FOLDER        where the data set is now, for --thresholds\n"
    "  --sort WHAT          within a family: run (as in the config) or a column (iou, deletion …), best first; "
    "default: "
    "run\n"
    "  --compare-with ID    a published row or study (configs/published.yaml) instead of the run's own; or none\n"
    "  --published FILE     published numbers from this file\n"
    "  --metrics a,b,…|all  these numbers only, with intervals and ranks: columns (iou, recall, deletion) or measures "
    "of "
    "the\n"
    "                       run (overlap, saco@drop); default: overlap, and of the further ones all where there are up "
    "to\n"
    "                       three, else the first five that ask the model; and those of the published row. CSV and "
    "JSON\n"
    "                       have them all. `vitx measure` adds a measure to a finished run\n"
    "  --intervals          the intervals of all numbers, not of IoU only\n"
    "  --resamples N        of the bootstrap; 0: no intervals; default 10000\n"
    "  --seed N             of the bootstrap; default 1\n"
    "  --format FORMAT      text, markdown, csv (all digits, all intervals), latex (booktabs), json; default: text\n\n"
    "EXAMPLES\n"
    "  vitx table results/demo.sqlite\n"
    "  vitx table results/demo.sqlite --by correct --sort iou\n"
    "  vitx table results/demo.sqlite:1 results/demo.sqlite:2 other.sqlite\n"
    "  vitx table results/demo.sqlite --metrics iou,single-deletion,deletion --sort single-deletion\n"
    "  vitx table results/table1.sqlite --min-confidence 0.9 --format latex > table1.tex\n\n"
    "EXIT STATUS\n"
    "  0 printed; 1 the file cannot be read or holds no such run; 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help compare, vitx help rescore, results/README.md\n";

/* The table, or the one of thresholds. */
static vx_sheet *make_sheet(vx_store *store, const vx_table_options *table, bool thresholds, const char *data,
                            vx_error *error) {
  const vx_thresholds_options options = {
      .run = table->run, .scoring = table->scoring, .root = data, .jobs = vx_work_jobs()};
  return thresholds ? vx_thresholds_make(store, &options, error) : vx_table_make(store, table, error);
}

static int print_table(const char *path, const vx_table_options *options, bool thresholds, const char *data,
                       vx_format format, vx_error *error) {
  vx_store *store = vx_store_open(path, VX_STORE_READ, error);
  if (!store) return 1;
  vx_sheet *sheet = make_sheet(store, options, thresholds, data, error);
  bool ok = sheet && vx_sheet_print(sheet, format, stdout, error);
  vx_sheet_free(sheet);
  vx_store_close(store);
  return ok ? 0 : 1;
}

/* Several runs: FILE or FILE:RUN each. */
static int print_many(int count, char **files, vx_table_options *options, vx_format format, vx_error *error) {
  vx_many_run *runs = calloc((size_t)count, sizeof *runs);
  vx_arena *arena = vx_arena_new();
  bool ok = (runs && arena) || vx_fail(error, files[0], "out of memory");
  for (int i = 0; ok && i < count; i++) ok = (runs[i].store = vx_open_run(files[i], &runs[i].run, error)) != NULL;
  vx_sheet *sheet = ok ? vx_many_table(runs, count, options, arena, error) : NULL;
  ok = sheet && vx_sheet_print(sheet, format, stdout, error);
  vx_sheet_free(sheet);
  for (int i = 0; runs && i < count; i++) vx_store_close(runs[i].store);
  vx_arena_free(arena);
  free(runs);
  return ok ? 0 : 1;
}

int vx_cmd_table(int argc, char **argv, vx_error *error) {
  vx_table_options table = vx_table_defaults();
  const char *format_name = "text", *data = NULL;
  bool thresholds = false;
  int run = 0, seed = 1, operands;
  const vx_option options[] = {
      {"run", VX_OPTION_INT, &run},
      {"scoring", VX_OPTION_TEXT, &table.scoring},
      {"min-confidence", VX_OPTION_REAL, &table.min_confidence},
      {"aggregate", VX_OPTION_TEXT, &table.aggregate},
      {"by", VX_OPTION_TEXT, &table.by},
      {"thresholds", VX_OPTION_FLAG, &thresholds},
      {"data", VX_OPTION_TEXT, &data},
      {"sort", VX_OPTION_TEXT, &table.sort},
      {"compare-with", VX_OPTION_TEXT, &table.compare_with},
      {"published", VX_OPTION_TEXT, &table.published},
      {"metrics", VX_OPTION_TEXT, &table.metrics},
      {"intervals", VX_OPTION_FLAG, &table.intervals},
      {"resamples", VX_OPTION_INT, &table.resamples},
      {"seed", VX_OPTION_INT, &seed},
      {"format", VX_OPTION_TEXT, &format_name},
  };
  vx_format format;
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands < 1) return vx_bad_use(error, "table", "expected a results file, or several");
  if (run < 0 || seed < 0) return vx_bad_use(error, "table", "--run and --seed want numbers from 0 on");
  if (table.resamples < 0 || table.resamples > 1000000) {
    return vx_bad_use(error, "table", "--resamples wants a number from 0 to 1000000");
  }
  if (!vx_format_parse(format_name, &format, error)) return 2;
  table.run = run;
  table.seed = (uint64_t)seed;
  if (operands > 1) {
    if (run || thresholds || table.by || table.compare_with || table.sort)
      return vx_bad_use(error, "table",
                        "of several files without --run (FILE:RUN), --thresholds, --by, --sort and "
                        "--compare-with");
    return print_many(operands, argv + argc - operands, &table, format, error);
  }
  return print_table(argv[argc - 1], &table, thresholds, data, format, error);
}
