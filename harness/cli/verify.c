#include <inttypes.h>
#include <stdio.h>

#include "harness/cli/cli.h"
#include "harness/store/check.h"
#include "harness/study/rerun.h"

const char vx_help_verify[] =
    "NAME\n"
    "  vitx verify - does a results file agree with itself, and with a second run?\n\n"
    "SYNOPSIS\n"
    "  vitx verify FILE.sqlite [--run N] [--rerun K [--set KEY=VALUE]... [--seed N]] [--quiet]\n\n"
    "DESCRIPTION\n"
    "  Computes everything again that follows from something else in the file: every score from its counts, every sum\n"
    "  from its rows, every gate, answer and size class from what decided it; and checks what holds whatever the\n"
    "  method: F1 = 2 IoU / (1 + IoU) for each image, mean F1 at most 2 mean IoU / (1 + mean IoU), counts and void "
    "pixels\n"
    "  together all pixels, the same truth for all methods, a map for each score. One line a check: how many rows it\n"
    "  looked at, how many are wrong, and the first that is.\n"
    "  With --rerun, K images drawn from those through the gate go through the model again, and predictions, maps, "
    "counts\n"
    "  and scores have to come out bit for bit. Model and data are found as the run's own config says; --set says "
    "where\n"
    "  they are now. Other weights, another list or another OpenBLAS kernel are named instead.\n\n"
    "OPTIONS\n"
    "  --run N           this run; default: all are checked, the newest is run again\n"
    "  --rerun K         run K images again\n"
    "  --set KEY=VALUE   over the run's config, for --rerun: model=…, data.root=…; may be repeated\n"
    "  --seed N          of the draw of images; default 1\n"
    "  --quiet           only what is wrong\n\n"
    "EXAMPLES\n"
    "  vitx verify results/demo.sqlite --rerun 5\n"
    "  vitx verify table1.sqlite --rerun 10 --set model=models/vit-base --set data.root=VOCdevkit/VOC2012\n\n"
    "EXIT STATUS\n"
    "  0 everything agrees; 1 something does not, or it cannot be checked; 2 bad use\n";

typedef struct request {
  const char *file;
  int run, rerun, seed;
  vx_texts set;
  bool quiet;
} request;

static void report(const vx_check *check, void *user) {
  const request *r = user;
  if (r->quiet && !check->wrong) return;
  printf("%-5s %s", check->wrong ? "WRONG" : "ok", check->what);
  if (check->looked_at > 1) printf(" (%" PRId64 ")", check->looked_at);
  if (check->wrong) printf("\n      %" PRId64 " wrong, the first: %s", check->wrong, check->first);
  putchar('\n');
}

static bool rerun(const request *r, vx_store *store, int *wrong, vx_error *error) {
  vx_run_row row;
  vx_rerun_report again;
  vx_rerun_options options = {
      .images = r->rerun, .seed = (uint64_t)r->seed, .set = r->set.text, .set_count = r->set.count};
  vx_arena *arena = vx_arena_new();
  if (!arena) return vx_fail(error, r->file, "out of memory");
  bool ok = vx_query_run(store, r->run, arena, &row, error) && vx_rerun(store, &row, &options, &again, error);
  vx_arena_free(arena);
  if (!ok) return false;
  *wrong += again.wrong > 0;
  if (r->quiet && !again.wrong) return true;
  printf("%-5s %d images of run %" PRId64 " run again come out bit for bit (%d maps with their scores)\n",
         again.wrong ? "WRONG" : "ok", again.images, row.id, again.compared);
  if (again.wrong) printf("      %d differ, the first: %s\n", again.wrong, again.first);
  return true;
}

static int verify(request *r, vx_store *store, vx_error *error) {
  int wrong = 0;
  if (!vx_store_check(store, r->run, report, r, &wrong, error)) return 1;
  if (r->rerun && !rerun(r, store, &wrong, error)) return 1;
  if (wrong == 0) return 0;
  vx_fail(error, r->file, "%d check%s failed", wrong, wrong == 1 ? "" : "s");
  return 1;
}

int vx_cmd_verify(int argc, char **argv, vx_error *error) {
  request r = {.seed = 1};
  int operands;
  const vx_option options[] = {
      {"run", VX_OPTION_INT, &r.run},   {"rerun", VX_OPTION_INT, &r.rerun},  {"set", VX_OPTION_LIST, &r.set},
      {"seed", VX_OPTION_INT, &r.seed}, {"quiet", VX_OPTION_FLAG, &r.quiet},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "verify", "expected one results file");
  if (r.run < 0 || r.rerun < 0 || r.seed < 0) {
    return vx_bad_use(error, "verify", "--run, --rerun and --seed want numbers from 0 on");
  }
  r.file = argv[argc - 1];
  vx_store *store = vx_store_open(r.file, VX_STORE_READ, error);
  if (!store) return 1;
  vx_arena *arena = vx_arena_new();
  vx_run_row row;
  bool known = arena && vx_query_run(store, r.run, arena, &row, error); /* a run that is not there is not right */
  vx_arena_free(arena);
  int status = known ? verify(&r, store, error) : 1;
  vx_store_close(store);
  return status;
}
