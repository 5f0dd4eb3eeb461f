#include <stdio.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/study/export.h"

const char vx_help_export[] =
    "NAME\n"
    "  vitx export - maps, masks, overlays, predictions and scores of a run, for other programs\n\n"
    "SYNOPSIS\n"
    "  vitx export FILE.sqlite --as WHAT --out FOLDER [--format FORMAT] [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Writes what a results file holds of a run. `vitx import` of what was exported as maps gives the same scores: "
    "bit\n"
    "  for bit for patch maps, and for maps at input resolution (which are stored as bytes) under Otsu's threshold.\n\n"
    "OPTIONS\n"
    "  --as WHAT            maps         as they are stored: 32-bit floats on the patch grid; bytes of maps at input "
    "size\n"
    "                       scored       bytes at evaluation size, min-max: what Otsu's threshold reads\n"
    "                       masks        255 in the mask, 0 outside, at evaluation size\n"
    "                       overlays     the pictures with the map laid over them (reads the data set)\n"
    "                       predictions  predictions.csv, a line an image\n"
    "                       scores       scores.csv, a line an image and method, all digits\n"
    "  --format FORMAT      npy          FOLDER/METHOD/ID.npy, and maps.csv there, which import takes\n"
    "                       npz          FOLDER/METHOD.npz; safetensors likewise; METHOD.csv has the classes "
    "explained\n"
    "                       png          grey, 8 bits: of scored, masks and maps that are bytes; overlays in colours\n"
    "                       csv          of predictions and scores\n"
    "                       default: npy for maps and scored, png for masks and overlays\n"
    "  --out FOLDER         made when missing\n"
    "  --methods a,b,…      these methods only\n"
    "  --ids a,b,…|FILE     these images only, or those of a file with one a line\n"
    "  --run N              this run; default: the newest\n"
    "  --scoring NAME       thresholds, sizes and scores of this one; default: main\n"
    "  --data FOLDER        where the data set is now, for overlays\n\n"
    "EXAMPLES\n"
    "  vitx export results/demo.sqlite --as maps --out maps --methods rollout,saliency\n"
    "  vitx export results/demo.sqlite --as masks --out masks --ids scene_0001,scene_0007\n"
    "  vitx export results/demo.sqlite --as scores --out tables\n\n"
    "EXIT STATUS\n"
    "  0 written; 1 something cannot be read or written; 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help import, docs/maps.md\n";

static void print_report(const char *file, const vx_export_options *o, const vx_export_report *r) {
  if (o->format == VX_EXPORT_CSV) {
    printf("%d file in %s\n", r->files, o->out);
    return;
  }
  printf("%d maps of %d method%s in %s, %d file%s\n", r->maps, r->methods, r->methods == 1 ? "" : "s", o->out, r->files,
         r->files == 1 ? "" : "s");
  if (!*r->first) return;
  const char *target = !r->explains ? "none" : *r->targets ? r->targets : NULL;
  printf("back again: vitx import %s %s --as NAME%s%s%s%s\n", file, r->first, target ? " --target " : "",
         target ? target : "", r->is_signed ? " --signed" : "", r->is_mask ? " --mask" : "");
}

int vx_cmd_export(int argc, char **argv, vx_error *error) {
  vx_export_options o = {0};
  const char *as = NULL, *format = NULL;
  int operands, run = 0, index;
  const vx_option options[] = {
      {"as", VX_OPTION_TEXT, &as},
      {"format", VX_OPTION_TEXT, &format},
      {"out", VX_OPTION_TEXT, &o.out},
      {"methods", VX_OPTION_TEXT, &o.methods},
      {"ids", VX_OPTION_TEXT, &o.ids},
      {"run", VX_OPTION_INT, &run},
      {"scoring", VX_OPTION_TEXT, &o.scoring},
      {"data", VX_OPTION_TEXT, &o.root},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1) return vx_bad_use(error, "export", "expected one results file");
  if (!as) return vx_bad_use(error, "export", "--as is missing: one of " VX_EXPORT_AS);
  if (!o.out || !*o.out) return vx_bad_use(error, "export", "--out FOLDER is missing");
  if (run < 0) return vx_bad_use(error, "export", "--run wants a run's number");
  if (!vx_choice("export", "as", as, VX_EXPORT_AS, &index, error)) return 2;
  o.as = (vx_export_as)index;
  static const char *const usual[] = {"npy", "npy", "png", "png", "csv", "csv"};
  if (!vx_choice("export", "format", format ? format : usual[index], VX_EXPORT_FORMATS, &index, error)) return 2;
  o.format = (vx_export_format)index;
  o.run = run;
  const char *file = argv[argc - 1];
  vx_export_report report;
  vx_store *store = vx_store_open(file, VX_STORE_READ, error);
  bool good = store && vx_export(store, &o, &report, error);
  if (good) print_report(file, &o, &report);
  vx_store_close(store);
  return good ? 0 : 1;
}
