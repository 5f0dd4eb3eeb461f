#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/study/measure.h"

const char vx_help_measure[] =
    "NAME\n"
    "  vitx measure - add measures to a finished run, from its stored maps\n\n"
    "SYNOPSIS\n"
    "  vitx measure FILE.sqlite [--run N] [--metrics LIST] [--limit N] [--sample N] [--jobs N]\n"
    "               [--set KEY=VALUE]... [--quiet]\n\n"
    "DESCRIPTION\n"
    "  Takes measures of the maps that are in the file and writes them beside the scores: bit for bit what they give\n"
    "  in a run whose config names them. Measures that are there already stay. No method is run but where the measure\n"
    "  says so (class-sensitivity and emprt make the method again; one that reads more of a pixel map than its 8 bits\n"
    "  makes it again). What the model says of a picture without some of its patches is asked once a picture and kept\n"
    "  in the file (table `perturbations`): then single-deletion and faithfulness-correlation score every map that is\n"
    "  added or imported later without the model.\n\n"
    "  Before it starts, the command says how often the model is asked at most, and how long that takes at the speed\n"
    "  of a forward pass measured here. It may be stopped, by Ctrl-C or by kill, and goes on with the same command.\n"
    "  A measure that failed on a map is tried again. Results do not depend on --jobs.\n\n"
    "  Model and data are found as the run's own config says, and have to be those of the run: other weights, another\n"
    "  list, changed pictures or masks, or another OpenBLAS kernel are named and refused.\n\n"
    "OPTIONS\n"
    "  --run N           this run; default: the newest\n"
    "  --metrics LIST    as `metrics` in a config: a,b,{id: …, as: …}, default or all [default]\n"
    "  --limit N         only images among the first N of the list\n"
    "  --sample N        only N of the images with maps, drawn by the run's seed and the images' ids: the same ones "
    "each\n"
    "                    time, and a larger sample holds a smaller one. Tables show N as these measures' n.\n"
    "                    Measures of all maps of a method (specificity) are taken of all images in the file\n"
    "  --jobs N          pictures at the same time [number of processors]\n"
    "  --set KEY=VALUE   over the run's config: model=…, data.root=…; may be repeated\n"
    "  --quiet           no estimate and no progress\n\n"
    "EXAMPLES\n"
    "  vitx measure results/demo.sqlite\n"
    "  vitx measure results/table1.sqlite --sample 100\n"
    "  vitx measure results/table1.sqlite --metrics 'deletion,{id: deletion, remove: black, as: deletion@black}'\n\n"
    "EXIT STATUS\n"
    "  0 done; 1 it could not start or go on (one line says where and why); 2 bad use; 130 stopped by Ctrl-C or kill,\n"
    "  with all finished images in the file\n";

typedef struct request {
  const char *file;
  int run;
  vx_texts set;
  bool quiet;
  vx_measure_options options;
} request;

static atomic_bool stop; /* the one thing that a signal may touch */

static void on_interrupt(int number) {
  atomic_store(&stop, true);
  signal(number, SIG_DFL); /* the second one ends the program at once */
}

static int measure(const request *r, vx_store *store, vx_arena *arena, vx_error *error) {
  vx_run_row row;
  vx_measured measured;
  if (!vx_query_run(store, r->run, arena, &row, error) || !vx_measure_run(store, &row, &r->options, &measured, error))
    return 1;
  const vx_worked *w = &measured.worked;
  printf("%d measure%s of run %" PRId64 ": %d of %d images measured now, %d before, in %.1f s\n", measured.metrics,
         measured.metrics == 1 ? "" : "s", row.id, w->done, w->images, w->before, w->seconds);
  if (w->stopped)
    puts("stopped; go on with the same command");
  else
    printf("next: vitx table %s --run %" PRId64 " --metrics all\n", r->file, row.id);
  return w->stopped ? 130 : 0;
}

static bool read_options(int argc, char **argv, request *r, vx_error *error) {
  vx_measure_options *o = &r->options;
  const vx_option known[] = {{"run", VX_OPTION_INT, &r->run},     {"metrics", VX_OPTION_TEXT, &o->metrics},
                             {"limit", VX_OPTION_INT, &o->limit}, {"sample", VX_OPTION_INT, &o->sample},
                             {"jobs", VX_OPTION_INT, &o->jobs},   {"set", VX_OPTION_LIST, &r->set},
                             {"quiet", VX_OPTION_FLAG, &r->quiet}};
  int operands;
  o->metrics = "default";
  o->jobs = vx_work_jobs();
  if (!vx_options(argc, argv, known, VX_COUNT(known), &operands, error)) return false;
  if (operands != 1) return vx_bad_use(error, "measure", "wants one results file, not %d", operands), false;
  if (o->jobs < 1 || o->jobs > 1024)
    return vx_bad_use(error, "measure", "--jobs is %d, expected 1 to 1024", o->jobs), false;
  if (o->limit < 0 || o->sample < 0 || r->run < 0)
    return vx_bad_use(error, "measure", "--limit, --sample and --run want numbers from 1 on"), false;
  if (!*o->metrics) return vx_bad_use(error, "measure", "--metrics is empty"), false;
  r->file = argv[argc - 1];
  o->set = r->set.text;
  o->set_count = r->set.count;
  o->report = r->quiet ? NULL : stderr;
  o->terminal = vx_is_terminal(2);
  o->stop = &stop;
  return true;
}

int vx_cmd_measure(int argc, char **argv, vx_error *error) {
  request r = {0};
  if (!read_options(argc, argv, &r, error)) return 2;
  vx_store *reader = vx_store_open(r.file, VX_STORE_READ, error); /* a file that is not there is not made */
  vx_store_close(reader);
  if (!reader) return 1;
  signal(SIGINT, on_interrupt);
  signal(SIGTERM, on_interrupt);
  vx_store *store = vx_open_to_write(r.file, error);
  vx_arena *arena = vx_arena_new();
  int status = 1;
  if (store && !arena) vx_fail(error, r.file, "out of memory");
  if (store && arena) status = measure(&r, store, arena, error);
  vx_arena_free(arena);
  vx_store_close(store);
  return status;
}
