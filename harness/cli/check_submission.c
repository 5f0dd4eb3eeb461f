#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/cli/cli.h"
#include "harness/run/workers.h"
#include "harness/study/submission.h"

const char vx_help_check_submission[] =
    "NAME\n"
    "  vitx check-submission - can others believe a results file, and was it made by its protocol?\n\n"
    "SYNOPSIS\n"
    "  vitx check-submission FILE.sqlite|FOLDER [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Checks each run of a results file, or of every .sqlite in a folder (a line each):\n"
    "  - all that `vitx verify` checks; tables and triggers of this layout; a finished run with every image of the\n"
    "    list, explained or listed as failed;\n"
    "  - its protocol: name and SHA-256, every key that it fixes, the list of images, the rows that it asks for;\n"
    "  - the data: pictures and masks are those that the run saw;\n"
    "  - every score made again out of its stored map and mask, under every scoring of the file;\n"
    "  - every trivial row (foreground, background, center, random, class-prior, edges) made again out of nothing.\n"
    "  No model is needed, but the data set is. With --rerun, images drawn from the whole list go through the model.\n"
    "  What is worth knowing and proves nothing is a warning: no protocol, another kernel of OpenBLAS, imported maps\n"
    "  without a digest. Ends with the SHA-256 of what `vitx dump FILE` prints: for a paper's footnote, or to be "
    "signed\n"
    "  (docs/protocols.md).\n\n"
    "OPTIONS\n"
    "  --set KEY=VALUE      where things are now: data.root=…, and with --rerun model=…; may be repeated\n"
    "  --protocol NAME      check against this protocol, a name or a file, not against the run's own\n"
    "  --rerun K            run K images again\n"
    "  --seed N             of their draw; default 1\n"
    "  --run N              this run only\n"
    "  --strict             warnings fail, too\n"
    "  --json               everything as JSON\n"
    "  --quiet              only what is wrong, and warnings\n"
    "  --jobs N             threads; default: number of processors\n\n"
    "EXAMPLES\n"
    "  vitx check-submission results/demo.sqlite\n"
    "  vitx check-submission mine.sqlite --set data.root=VOCdevkit/VOC2012 --set model=models/vit-base --rerun 10\n"
    "  vitx check-submission submissions/ --strict --set data.root=VOCdevkit/VOC2012\n\n"
    "EXIT STATUS\n"
    "  0 nothing is wrong; 1 something is, or a file cannot be read; 2 bad use\n";

typedef struct request {
  vx_texts set;
  int run, seed;
  bool strict, json, quiet, lines;
  vx_submission_options how;

  json_t *findings; /* of the run at hand */
  int wrong, warnings;
} request;

static void print_finding(const request *r, const vx_finding *f) {
  static const char *const words[] = {"ok", "WARN", "WRONG"};
  if (r->json || r->lines || (r->quiet && f->verdict == VX_FOUND_OK)) return;
  printf("%-5s %s", words[f->verdict], f->what);
  if (f->looked_at > 1 && f->wrong && !*f->first)
    printf(" (%" PRId64 " of %" PRId64 ")", f->wrong, f->looked_at);
  else if (f->looked_at > 1)
    printf(" (%" PRId64 ")", f->looked_at);
  if (*f->first) {
    printf("\n      %" PRId64 "%s, the first: ", f->wrong, f->verdict == VX_FOUND_WRONG ? " wrong" : "");
    vx_print_name(stdout, f->first);
  }
  putchar('\n');
}

static void take(const vx_finding *f, void *user) {
  static const char *const words[] = {"ok", "warning", "wrong"};
  request *r = user;
  r->wrong += f->verdict == VX_FOUND_WRONG;
  r->warnings += f->verdict == VX_FOUND_WARNING;
  print_finding(r, f);
  if (r->json)
    json_array_append_new(r->findings, json_pack("{s:s, s:s, s:I, s:I, s:s?}", "verdict", words[f->verdict], "what",
                                                 f->what, "looked_at", (json_int_t)f->looked_at, "wrong",
                                                 (json_int_t)f->wrong, "first", *f->first ? f->first : NULL));
}

static bool check_runs(request *r, vx_store *store, json_t *runs, vx_error *error) {
  vx_arena *arena = vx_arena_new();
  vx_run_row *rows;
  int count;
  bool any = false, good = arena || vx_fail(error, vx_store_path(store), "out of memory");
  good = good && vx_query_runs(store, arena, &rows, &count, error);
  for (int i = 0; good && i < count; i++) {
    if (r->run && rows[i].id != r->run) continue;
    any = true;
    if (!r->json && !r->lines) {
      printf("%s, run %" PRId64 ": ", vx_store_path(store), rows[i].id);
      vx_print_name(stdout, rows[i].name);
      printf(*rows[i].protocol ? ", protocol %s (SHA-256 %s)\n" : ", no protocol\n", rows[i].protocol,
             rows[i].protocol_digest);
    }
    r->findings = json_array();
    good = vx_submission_check(store, rows[i].id, &r->how, error);
    json_array_append_new(runs, json_pack("{s:I, s:s, s:s, s:s, s:o}", "run", (json_int_t)rows[i].id, "name",
                                          rows[i].name, "protocol", rows[i].protocol, "protocol_sha256",
                                          rows[i].protocol_digest, "findings", r->findings));
  }
  if (good && !any) good = vx_fail(error, vx_store_path(store), r->run ? "has no run %d" : "holds no run", r->run);
  vx_arena_free(arena);
  return good;
}

/* One file: its findings, then a line. False when it is refused. */
static bool check_file(request *r, const char *path, json_t *files) {
  vx_error error = {.where = "", .why = ""};
  char digest[VX_SHA256_SIZE] = "";
  json_t *runs = json_array();
  r->wrong = r->warnings = 0;
  vx_store *store = vx_store_open(path, VX_STORE_READ, &error);
  bool read = store && check_runs(r, store, runs, &error) && vx_submission_digest(store, r->run, digest, &error);
  vx_store_close(store);
  bool good = read && r->wrong == 0 && !(r->strict && r->warnings);
  json_array_append_new(files, json_pack("{s:s, s:b, s:i, s:i, s:s?, s:s, s:o}", "file", path, "accepted", good,
                                         "wrong", r->wrong, "warnings", r->warnings, "error", read ? NULL : error.why,
                                         "dump_sha256", digest, "runs", runs));
  if (r->json) return good;
  printf("%s: %s", path, good ? "accepted" : "REFUSED");
  if (!read) printf(": %s: %s", error.where, error.why);
  if (r->wrong) printf(", %d check%s failed", r->wrong, r->wrong == 1 ? "" : "s");
  if (r->warnings) printf(", %d warning%s", r->warnings, r->warnings == 1 ? "" : "s");
  printf("%s%s\n", read ? ", dump SHA-256 " : "", digest);
  return good;
}

static int is_results(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return length > 7 && strcmp(entry->d_name + length - 7, ".sqlite") == 0;
}

static int check_folder(request *r, const char *folder, json_t *files, vx_error *error) {
  struct dirent **names;
  int count = scandir(folder, &names, is_results, alphasort), refused = 0;
  if (count < 0) return vx_fail(error, folder, "cannot be read"), -1;
  for (int i = 0; i < count; i++) {
    char *path = vx_path_join(folder, names[i]->d_name, "");
    refused += !path || !check_file(r, path, files);
    free(path);
    free(names[i]);
  }
  free(names);
  return count ? refused : (vx_fail(error, folder, "holds no .sqlite"), -1);
}

static int check(request *r, const char *path, vx_error *error) {
  json_t *files = json_array();
  r->lines = vx_folder_exists(path);
  int refused = r->lines ? check_folder(r, path, files, error) : !check_file(r, path, files);
  if (r->json && refused >= 0) {
    json_dumpf(files, stdout, JSON_INDENT(2));
    putchar('\n');
  }
  json_decref(files);
  if (refused > 0) vx_fail(error, path, r->lines ? "%d refused" : "refused", refused);
  return refused ? 1 : 0;
}

int vx_cmd_check_submission(int argc, char **argv, vx_error *error) {
  request r = {.seed = 1, .how = {.jobs = vx_work_jobs()}};
  int operands;
  const vx_option options[] = {
      {"set", VX_OPTION_LIST, &r.set},        {"protocol", VX_OPTION_TEXT, &r.how.protocol},
      {"rerun", VX_OPTION_INT, &r.how.rerun}, {"seed", VX_OPTION_INT, &r.seed},
      {"run", VX_OPTION_INT, &r.run},         {"strict", VX_OPTION_FLAG, &r.strict},
      {"json", VX_OPTION_FLAG, &r.json},      {"quiet", VX_OPTION_FLAG, &r.quiet},
      {"jobs", VX_OPTION_INT, &r.how.jobs},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "check-submission", "expected one results file or a folder of them");
  if (r.run < 0 || r.how.rerun < 0 || r.seed < 0 || r.how.jobs < 1)
    return vx_bad_use(error, "check-submission", "--run, --rerun and --seed want numbers from 0 on, --jobs 1 or more");
  for (int i = 0; i < r.set.count; i++)
    if (strncmp(r.set.text[i], "data.root=", 10) == 0) r.how.root = r.set.text[i] + 10;
  r.how.set = r.set.text;
  r.how.set_count = r.set.count;
  r.how.seed = (uint64_t)r.seed;
  r.how.report = take;
  r.how.user = &r;
  return check(&r, argv[argc - 1], error);
}
