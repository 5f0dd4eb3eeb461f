#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/cli/cli.h"
#include "harness/run/workers.h"
#include "harness/study/import.h"

const char vx_help_import[] =
    "NAME\n"
    "  vitx import - maps of another program as a further method of a run\n\n"
    "SYNOPSIS\n"
    "  vitx import FILE.sqlite MAPS --as NAME --target top|none|CLASS|TABLE [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Reads heat maps that any program has made of the run's pictures, scores them as the run scores its own (same\n"
    "  images, masks and settings; no model is needed), and writes them into the file as the method NAME. From there "
    "on\n"
    "  it is a row like the others: table, compare, report, figure, rescore and sweep take it, and `vitx run` goes on\n"
    "  over the same file.\n"
    "  MAPS is one of\n"
    "    a folder          ID.npy, ID.png (grey, 8 or 16 bits) or ID.safetensors (one tensor); in folders below, too\n"
    "    FILE.npz          an array an image, named by its id; FILE.safetensors likewise\n"
    "    TABLE.csv         a first line `image,file`, and `target` if they explain different classes; files beside it\n"
    "  A map has rows and columns of any number, of any real type; it is brought to evaluation size as patch maps "
    "are.\n"
    "  Maps of whole bytes at evaluation size are kept as bytes.\n"
    "  All maps are read once before anything is written. A map that is none (not finite, in colours, of three axes) "
    "and\n"
    "  an image without a map are counted, named and stay in the file as failures. An import that was interrupted goes "
    "on\n"
    "  with the same command; other maps want another name.\n"
    "  .h5, .pkl and .pth: tools/maps_from.py. docs/maps.md shows it all on an example.\n\n"
    "OPTIONS\n"
    "  --as NAME            the method's name in the run\n"
    "  --target WHAT        the class that the maps explain: top (the model's prediction), none (they depend on no\n"
    "                       class), an index or label of the model, or a table with columns image and target. Need "
    "not\n"
    "                       be said where MAPS is a table that has the column\n"
    "  --geometry WHAT      what a map covers: input (what the model saw), grid (likewise, a value a patch) or image\n"
    "                       (the whole picture). To be said where the model saw a part of the picture and the maps'\n"
    "                       sides do not tell\n"
    "  --signed             values below 0 count as such: the lowest is the least important. Without it they are "
    "refused\n"
    "  --mask               a map is a mask: what is above 0.5 is in it, no threshold is sought\n"
    "  --family NAME        attention, gradient, propagation, hybrid, trivial …; default: imported\n"
    "  --source TEXT        author and year;  --cite TEXT  what to cite\n"
    "  --run N              this run; default: the newest\n"
    "  --data FOLDER        where the data set is now\n"
    "  --jobs N             threads; default: number of processors\n\n"
    "EXAMPLES\n"
    "  vitx import results/demo.sqlite maps/ --as captum-saliency --target top --family gradient\n"
    "  vitx import results/demo.sqlite gradcam.npz --as my-cam --target 207 --geometry grid\n"
    "  vitx import results/demo.sqlite maps.csv --as mine --cite \"Doe 2026\"\n\n"
    "EXIT STATUS\n"
    "  0 imported; 1 it cannot be done, and nothing was written; 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help export, docs/maps.md\n";

static void print_names(const vx_import_names *names, const char *one, const char *more) {
  if (names->count) printf("%d %s: %s\n", names->count, names->count == 1 ? one : more, names->first);
}

static void print_report(const char *file, const vx_import_report *r, double seconds) {
  printf("%d maps of %s imported into run %" PRId64 " in %.1f s (%s, geometry %s)", r->imported, r->method.name, r->run,
         seconds, r->method.family, r->geometry);
  if (r->before) printf("; %d images had it already", r->before);
  printf("\n");
  print_names(&r->missing, "image has no map (a row in failures)", "images have no map (rows in failures)");
  print_names(&r->broken, "map is none (a row in failures)", "maps are none (rows in failures)");
  if (r->broken.count) printf("  the first: %s\n", r->broken_why);
  print_names(&r->outside, "map is of an image that was not evaluated (the gate, or no mask)",
              "maps are of images that were not evaluated (the gate, or no mask)");
  print_names(&r->unknown, "map is of no image of the run's list", "maps are of no image of the run's list");
  if (r->left_out) printf("%d files of other kinds were left out\n", r->left_out);
  if (r->other_class)
    printf("%d maps explain another class than the run's own (warnings in failures)\n", r->other_class);
  if (r->unmeasured) printf("%d measures of the run ask the model and are not of these maps\n", r->unmeasured);
  printf("next: vitx table %s --run %" PRId64 "\n", file, r->run);
}

int vx_cmd_import(int argc, char **argv, vx_error *error) {
  vx_import_options o = {.jobs = vx_work_jobs()};
  int operands, run = 0;
  const vx_option options[] = {
      {"as", VX_OPTION_TEXT, &o.as},
      {"target", VX_OPTION_TEXT, &o.target},
      {"geometry", VX_OPTION_TEXT, &o.geometry},
      {"signed", VX_OPTION_FLAG, &o.is_signed},
      {"mask", VX_OPTION_FLAG, &o.is_mask},
      {"family", VX_OPTION_TEXT, &o.family},
      {"source", VX_OPTION_TEXT, &o.source},
      {"cite", VX_OPTION_TEXT, &o.cite},
      {"run", VX_OPTION_INT, &run},
      {"data", VX_OPTION_TEXT, &o.root},
      {"jobs", VX_OPTION_INT, &o.jobs},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 2) return vx_bad_use(error, "import", "expected a results file and the maps");
  if (!o.as || !*o.as) return vx_bad_use(error, "import", "--as NAME is missing");
  if (run < 0 || o.jobs < 1) return vx_bad_use(error, "import", "--run wants a run's number, --jobs 1 or more");
  o.run = run;
  o.maps = argv[argc - 1];
  const char *file = argv[argc - 2];
  if (!vx_file_exists(file)) return vx_fail(error, file, "no such file"), 1;
  double start = vx_seconds();
  vx_import_report report;
  vx_arena *arena = vx_arena_new();
  vx_store *store = arena ? vx_open_to_write(file, error) : NULL;
  if (!arena) vx_fail(error, file, "out of memory");
  bool good = store && vx_import(store, &o, arena, &report, error);
  if (good) print_report(file, &report, vx_seconds() - start);
  vx_store_close(store);
  vx_arena_free(arena);
  return good ? 0 : 1;
}
