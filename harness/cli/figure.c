#include "harness/pictures/figure.h"

#include <stdio.h>
#include <string.h>

#include "harness/cli/cli.h"

const char vx_help_figure[] =
    "NAME\n"
    "  vitx figure - the paper's Figure 3 from a results file: originals above, heat maps below\n\n"
    "SYNOPSIS\n"
    "  vitx figure FILE.sqlite --out FIGURE.png|svg|pdf [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  A column an image, a row a method, under each column the image's index in the run's list (when that is a\n"
    "  file of its own, in the data set's list val) and its name. Maps come from the results file, originals from the\n"
    "  data set that the run names. Where pictures are not at hand, the heat maps are drawn alone, and a\n"
    "  line says why.\n\n"
    "  The paper's own three images are numbers 16, 20 and 37 of VOC's val; configs/figure3.yaml evaluates them.\n\n"
    "OPTIONS\n"
    "  --out FILE        where to write; its ending says as what\n"
    "  --run N           this run (`vitx ls runs FILE` lists them) [the newest]\n"
    "  --ids a,b         these images, by name or by index in the list\n"
    "  --best N          the N images with the highest IoU, in the mean over the figure's methods\n"
    "  --worst N         the N images with the lowest\n"
    "  --wrong N         N wrong decisions, the surest first\n"
    "                    [without any of these: the first four images]\n"
    "  --methods a,b     rows, by their names in the run [all but the trivial ones]\n"
    "  --draw heat|overlay|v|v-otsu|outline   heat maps; over the picture; V = I (.) A; V inside the Otsu mask;\n"
    "                    the mask's outline [heat]\n"
    "  --map viridis|inferno|magma|grey       colours [inferno]\n"
    "  --alpha X         weight of the colours in an overlay, 0 to 1 [0.6]\n"
    "  --scores          the IoU under each map\n"
    "  --height X        of a picture; a PNG has twice as many pixels [150]\n"
    "  --data DIR        folder of the data set, when it is not where the run had it\n"
    "  --split LIST      its list of images, likewise\n\n"
    "EXAMPLES\n"
    "  vitx run configs/figure3.yaml --set data.root=VOCdevkit/VOC2012\n"
    "  vitx figure results/figure3.sqlite --out figure3.pdf\n"
    "  vitx figure results/demo.sqlite --wrong 5 --methods rollout,ag-cam --draw overlay --scores --out wrong.png\n\n"
    "EXIT STATUS\n"
    "  0 drawn; 1 the file cannot be read or holds no such run, image or method (one line says which); 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help explain, vitx help report\n";

static int draw(const char *path, const char *out, const vx_figure_options *options, vx_error *error) {
  vx_figure_made made;
  vx_store *store = vx_store_open(path, VX_STORE_READ, error);
  bool good = store && vx_figure_draw_file(store, options, out, &made, error);
  vx_store_close(store);
  if (!good) return 1;
  printf("%s: %d image%s, %d method%s", out, made.images, made.images == 1 ? "" : "s", made.methods,
         made.methods == 1 ? "" : "s");
  if (made.pictures < made.images) printf(", %d without its picture (%s)", made.images - made.pictures, made.note);
  putchar('\n');
  return 0;
}

int vx_cmd_figure(int argc, char **argv, vx_error *error) {
  vx_figure_options figure = vx_figure_defaults();
  const char *out = NULL, *map = VX_COLOUR_DEFAULT, *kind = "heat";
  int run = 0, best = 0, worst = 0, wrong = 0, operands, index;
  const vx_option options[] = {
      {"out", VX_OPTION_TEXT, &out},
      {"run", VX_OPTION_INT, &run},
      {"ids", VX_OPTION_TEXT, &figure.ids},
      {"best", VX_OPTION_INT, &best},
      {"worst", VX_OPTION_INT, &worst},
      {"wrong", VX_OPTION_INT, &wrong},
      {"methods", VX_OPTION_TEXT, &figure.methods},
      {"draw", VX_OPTION_TEXT, &kind},
      {"map", VX_OPTION_TEXT, &map},
      {"alpha", VX_OPTION_REAL, &figure.alpha},
      {"scores", VX_OPTION_FLAG, &figure.scores},
      {"height", VX_OPTION_REAL, &figure.height},
      {"data", VX_OPTION_TEXT, &figure.root},
      {"split", VX_OPTION_TEXT, &figure.split},
  };
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1 || !out) return vx_bad_use(error, argv[0], "wants one results file and --out FILE");
  if (!vx_choice(argv[0], "draw", kind, VX_FIGURE_DRAW_CHOICES, &index, error)) return 2;
  figure.draw = (vx_figure_draw)index;
  if (!vx_choice(argv[0], "map", map, VX_COLOUR_CHOICES, &index, error)) return 2;
  figure.colours = vx_colours_find(map);
  if (best < 0 || worst < 0 || wrong < 0 || run < 0)
    return vx_bad_use(error, argv[0], "--run, --best, --worst and --wrong want numbers from 1 on");
  if ((figure.ids != NULL) + (best > 0) + (worst > 0) + (wrong > 0) > 1)
    return vx_bad_use(error, argv[0], "choose one of --ids, --best, --worst, --wrong");
  if (!(figure.alpha >= 0 && figure.alpha <= 1))
    return vx_bad_use(error, argv[0], "--alpha wants a number from 0 to 1");
  if (!(figure.height >= 16 && figure.height <= 2000))
    return vx_bad_use(error, argv[0], "--height wants a number from 16 to 2000");
  figure.run = run;
  if (figure.ids) figure.pick = VX_PICK_IDS;
  if (best) figure.pick = VX_PICK_BEST, figure.count = best;
  if (worst) figure.pick = VX_PICK_WORST, figure.count = worst;
  if (wrong) figure.pick = VX_PICK_WRONG, figure.count = wrong;
  return draw(argv[argc - 1], out, &figure, error);
}
