#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/cli/cli.h"
#include "harness/run/workers.h"
#include "harness/store/scoring.h"
#include "harness/study/rescore.h"

const char vx_help_rescore[] =
    "NAME\n"
    "  vitx rescore - score a run's stored heat maps in another way, without the model\n\n"
    "SYNOPSIS\n"
    "  vitx rescore FILE.sqlite --set score.KEY=VALUE [--set …] --as NAME [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Reads the maps of a run from the file and the masks from its data set (each once), scores them with other\n"
    "  settings, and writes the scores beside the old ones as a scoring NAME of the same run, for\n"
    "  `vitx table FILE --scoring NAME` and `vitx compare FILE --scoring2 NAME`. Keys that are not set stay as they\n"
    "  are in the run.\n"
    "  Maps on the patch grid are stored as they were scored: everything is exact. Maps at input resolution are\n"
    "  stored with 8 bits, which is what Otsu's threshold reads: it and all options of the mask are exact, too.\n"
    "  A fixed threshold t (or the mean) is then taken as u > 255 t, which the scoring's note says; another size\n"
    "  is refused.\n"
    "  IoU, F1 and pixel accuracy are scored again; further measures (`metrics` of the run) stay with main.\n\n"
    "OPTIONS\n"
    "  --set KEY=VALUE   score.threshold=otsu|mean|NUMBER, score.foreground=any|main|predicted|class=N,\n"
    "                    score.void=ignore|background|foreground, score.mask_resize=pillow|opencv,\n"
    "                    score.size=input|image|NUMBER, score.pixel_accuracy=accuracy|recall,\n"
    "                    score.aggregate=mean|pooled|class; data.root=FOLDER where the data set is now\n"
    "  --as NAME         name of the new scoring\n"
    "  --replace         instead of a scoring of that name\n"
    "  --run N           this run; default: the newest\n"
    "  --methods a,b,…   these methods only\n"
    "  --jobs N          threads; default: number of processors\n\n"
    "EXAMPLES\n"
    "  vitx rescore results/demo.sqlite --set score.threshold=0.5 --as half\n"
    "  vitx rescore results/table1.sqlite --set score.void=ignore --set score.mask_resize=pillow --as clean\n"
    "  vitx compare results/demo.sqlite --scoring2 half\n\n"
    "EXIT STATUS\n"
    "  0 written; 1 it cannot be done, and nothing was written; 2 bad use\n";

typedef struct request {
  const char *file, *as, *methods, *root;
  vx_texts set;
  int run, jobs;
  bool replace;
} request;

/* What writing needs. */
typedef struct writing {
  vx_store *store;
  int64_t scoring;
  const vx_setting *setting;
  int64_t maps;
} writing;

static bool write_one(void *user, const vx_rescored *rescored, vx_error *error) {
  writing *w = user;
  vx_evaluation evaluation;
  vx_rescore_evaluation(rescored, 0, w->setting, &evaluation);
  w->maps += rescored->made;
  return vx_scoring_write(w->store, w->scoring, rescored->method->id, rescored->image->id, &evaluation, error);
}

/* The run's own scoring with what --set changes. Keys and values are pointers into argv, cut at '='. */
static bool change_scoring(request *r, vx_setting *setting, vx_error *error) {
  static const char prefix[] = "score.";
  for (int i = 0; i < r->set.count; i++) {
    const char *equals = strchr(r->set.text[i], '=');
    if (!equals) return vx_fail(error, r->set.text[i], "expected KEY=VALUE");
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)(equals - r->set.text[i]), r->set.text[i]);
    if (strcmp(key, "data.root") == 0) {
      r->root = equals + 1;
      continue;
    }
    bool score = strncmp(key, prefix, sizeof prefix - 1) == 0;
    if (!vx_setting_set(setting, score ? key + sizeof prefix - 1 : key, equals + 1, NULL, error)) return false;
  }
  return true;
}

static bool write_all(const request *r, const vx_rescore *rescore, const vx_setting *setting, vx_error *error) {
  char note[400];
  double start = vx_seconds();
  if (!vx_rescore_check(rescore, setting, note, sizeof note, error)) return false;
  vx_scoring_row info = vx_setting_words(setting);
  info.name = r->as;
  info.note = *note ? note : NULL;
  writing w = {.store = rescore->store, .setting = setting};
  w.scoring = vx_scoring_begin(rescore->store, rescore->run.id, &info, r->replace, error);
  if (!w.scoring) return false;
  bool ok = vx_rescore_all(rescore, setting, 1, r->jobs, write_one, &w, error);
  if (!vx_scoring_end(rescore->store, ok, ok ? error : NULL) || !ok) return false;
  printf("%" PRId64 " maps of run %" PRId64 " scored as %s in %.1f s%s%s\n", w.maps, rescore->run.id, r->as,
         vx_seconds() - start, *note ? "; " : "", note);
  printf("next: vitx table %s --run %" PRId64 " --scoring %s\n", r->file, rescore->run.id, r->as);
  return true;
}

static bool rescore_file(request *r, vx_store *store, vx_error *error) {
  vx_arena *arena = vx_arena_new();
  vx_run_row run;
  vx_scoring_row own;
  vx_rescore rescore;
  vx_setting setting;
  bool ok = arena || vx_fail(error, r->file, "out of memory");
  ok = ok && vx_query_run(store, r->run, arena, &run, error) &&
       vx_query_scoring(store, run.id, NULL, arena, &own, error) && vx_setting_make(&own, &setting, error) &&
       change_scoring(r, &setting, error) && vx_rescore_open(&rescore, store, run.id, r->root, r->methods, error);
  if (ok) {
    ok = write_all(r, &rescore, &setting, error);
    vx_rescore_close(&rescore);
  }
  vx_arena_free(arena);
  return ok;
}

int vx_cmd_rescore(int argc, char **argv, vx_error *error) {
  request r = {.jobs = vx_work_jobs()};
  int operands;
  const vx_option options[] = {
      {"set", VX_OPTION_LIST, &r.set}, {"as", VX_OPTION_TEXT, &r.as},           {"replace", VX_OPTION_FLAG, &r.replace},
      {"run", VX_OPTION_INT, &r.run},  {"methods", VX_OPTION_TEXT, &r.methods}, {"jobs", VX_OPTION_INT, &r.jobs},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "rescore", "expected one results file");
  if (!r.as || !*r.as) return vx_bad_use(error, "rescore", "--as NAME is missing");
  if (r.run < 0 || r.jobs < 1) return vx_bad_use(error, "rescore", "--run wants a run's number, --jobs 1 or more");
  r.file = argv[argc - 1];
  vx_store *store = vx_open_to_write(r.file, error);
  bool ok = store && rescore_file(&r, store, error);
  vx_store_close(store);
  return ok ? 0 : 1;
}
