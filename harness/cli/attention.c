#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/attention/plots.h"
#include "harness/cli/cli.h"
#include "harness/data/classes.h"
#include "harness/data/mask.h"
#include "harness/run/workers.h"

const char vx_help_attention[] =
    "NAME\n"
    "  vitx attention - how attention carries one picture's patches through the layers to what the head reads\n\n"
    "SYNOPSIS\n"
    "  vitx attention IMAGE --model DIR [--out DIR] [--mask M.png] [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  Draws three plots of one JPEG or PNG and writes them as SVG, to open in a browser (names and numbers appear\n"
    "  where the pointer rests) or to put into a paper:\n\n"
    "    flow-map.svg          a unit of weight on its way from [CLS] at the output down to the patches: bars are\n"
    "                          [CLS] (all leading tokens), the main patches and all others at each layer, bands what "
    "runs between them;\n"
    "                          lines are the strongest ways\n"
    "    parallel-layers.svg   parallel coordinates: an axis a layer, a line a patch, at the attention (mean over\n"
    "                          heads) that [CLS], or what else the head reads, pays to it\n"
    "    parallel-heads.svg    the same with an axis a head of one layer\n\n"
    "  With --mask, lines and bands have the colours of the classes that the patches show; without, lines have the\n"
    "  colour of the patch's weight in the map. Prints the main patches with the layer at which their content\n"
    "  enters what is read ([CLS]) on the strongest way.\n\n"
    "OPTIONS\n"
    "  --model DIR              checkpoint: model.safetensors, config.json, preprocessor_config.json\n"
    "  --out DIR                where to write, made when missing [attention]\n"
    "  --mask M.png             class mask of the picture's own size: palette or grey PNG, 0 background, 255 void\n"
    "  --classes FILE           names of the mask's classes, one a line, the first is class 1 [VOC's]\n"
    "  --weights rollout|flow   every token passes on its weight as attention and residual say (rollout), or\n"
    "                           maximum flows from [CLS] to each patch (flow: exact, slower) [rollout]\n"
    "  --patches N              patches that the flow map draws one by one, 1 to 24 [8]\n"
    "  --layer N                layer of parallel-heads.svg, 1 the first [the last]\n\n"
    "EXAMPLES\n"
    "  vitx attention cat.jpg --model models/vit-base-patch16-224\n"
    "  vitx attention VOC2012/JPEGImages/2007_000676.jpg --model models/vit --out sheep \\\n"
    "                 --mask VOC2012/SegmentationClass/2007_000676.png --weights flow\n\n"
    "EXIT STATUS\n"
    "  0 drawn, 1 model, picture or mask failed (one line says where and why), 2 bad use\n\n"
    "SEE ALSO\n"
    "  vitx help explain, vitx help report\n";

typedef struct request {
  const char *picture, *model, *out, *mask, *classes, *weights;
  int patches, layer;
  bool flow;
} request;

/* ---- printing ------------------------------------------------------------------------------------------------ */

/* The lowest level from which on the way stays in the token that is read: there the patch's content enters. */
static int entry_level(const int *token_of, int layers) {
  int level = layers;
  while (level > 0 && token_of[level - 1] == token_of[layers]) level--;
  return level;
}

static bool print_patches(const request *r, const vx_model *model, const vx_attention *a, vx_arena *arena,
                          vx_error *error) {
  int *token_of = VX_TAKE(arena, a->layers + 1, int), tokens[VX_PLOT_PATCHES_MAX];
  if (!token_of) return vx_fail(error, "attention", "out of memory");
  vx_print_top(model, a->top, a->top_count);
  int count = vx_paths_main_tokens(&a->paths, r->patches, tokens);
  printf("\n  main patches       in the %s map   strongest way enters %s in layer\n", r->flow ? "flow" : "rollout",
         a->read);
  for (int k = 0; k < count; k++) {
    double way = vx_paths_strongest(&a->paths, tokens[k], token_of, error);
    if (way < 0) return false;
    int p = tokens[k] - a->paths.leading;
    printf("  row %2d, column %2d  %8.2f %%          %d (%.2g %% of the weight)\n", p / a->grid + 1, p % a->grid + 1,
           100 * a->paths.node[tokens[k]], entry_level(token_of, a->layers), 100 * way);
  }
  return true;
}

/* ---- work ---------------------------------------------------------------------------------------------------- */

static bool write_drawing(const request *r, const char *name, vx_bytes *svg, vx_error *error) {
  static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  char *path = vx_path_join(r->out, name, NULL), *text = malloc(svg->size + sizeof head);
  bool good = (path && text) || vx_fail(error, r->out, "out of memory");
  if (good) {
    memcpy(text, head, sizeof head - 1);
    memcpy(text + sizeof head - 1, svg->data, svg->size);
    good = vx_bytes_write(path, text, svg->size + sizeof head - 1, error);
  }
  if (good) {
    printf("drawn: ");
    vx_print_name(stdout, path);
    putchar('\n');
  }
  free(text);
  free(path);
  free(svg->data);
  return good;
}

static bool draw_all(const request *r, const vx_attention *a, const vx_classes *classes, vx_error *error) {
  const char *slash = strrchr(r->picture, '/');
  vx_plot_options options = {.id = "flow-map",
                             .title = slash ? slash + 1 : r->picture,
                             .patches = r->patches,
                             .layer = -1,
                             .class_names = (const char *const *)classes->name,
                             .class_count = classes->count};
  vx_bytes svg;
  if (!vx_flow_map_draw(a, &options, &svg, error) || !write_drawing(r, "flow-map.svg", &svg, error)) return false;
  options.id = "parallel-layers";
  if (!vx_parallel_draw(a, &options, &svg, error) || !write_drawing(r, "parallel-layers.svg", &svg, error))
    return false;
  options.id = "parallel-heads";
  options.layer = r->layer > 0 ? r->layer - 1 : a->layers - 1;
  return vx_parallel_draw(a, &options, &svg, error) && write_drawing(r, "parallel-heads.svg", &svg, error);
}

/* Labels of the patches and the names of their classes, when there is a mask. */
static bool read_mask(const request *r, const vx_input_options *input, const vx_picture *picture, vx_arena *arena,
                      vx_attention *a, vx_classes *classes, vx_error *error) {
  vx_mask mask;
  if (!r->mask) return true;
  if (!(r->classes ? vx_classes_read(r->classes, classes, error) : vx_classes_voc(classes, error)) ||
      !vx_mask_read(r->mask, NULL, &mask, error))
    return false;
  bool same = mask.width == picture->width && mask.height == picture->height;
  bool good = same ? vx_attention_label(a, input, mask.label, mask.width, mask.height, arena, error)
                   : vx_fail(error, r->mask, "is %d x %d, expected the picture's %d x %d", mask.width, mask.height,
                             picture->width, picture->height);
  vx_mask_free(&mask);
  return good;
}

static bool take_and_draw(const request *r, const vx_model *model, const vx_picture *picture, vx_arena *arena,
                          vx_error *error) {
  const vx_shape *shape = vx_model_shape(model);
  vx_input_options input;
  vx_attention attention;
  vx_classes classes = {0};
  if (r->layer > shape->layers)
    return vx_fail(error, "--layer", "is %d, the model has layers 1 to %d", r->layer, shape->layers);
  if (!vx_folder_make(r->out, error) || !vx_input_from_checkpoint(r->model, shape->image, &input, error)) return false;
  vx_subject *subject = vx_attention_subject(model, &input, error);
  bool good = subject && vx_attention_take(subject, picture, r->flow, arena, &attention, error) &&
              read_mask(r, &input, picture, arena, &attention, &classes, error) &&
              print_patches(r, model, &attention, arena, error) && draw_all(r, &attention, &classes, error);
  vx_subject_free(subject);
  vx_classes_free(&classes);
  return good;
}

static int attention_of(const request *r, vx_error *error) {
  vx_picture picture = {0};
  vx_arena *arena = vx_arena_new();
  vx_model *model = vx_model_open(r->model, error);
  bool good =
      model && vx_model_has_probability(model, error) && vx_picture_read_as(r->picture, VX_EXIF_APPLY, &picture, error);
  if (good && !arena) good = vx_fail(error, r->picture, "out of memory");
  if (good) {
    vx_blas_threads(vx_model_shape(model)->tokens * vx_model_shape(model)->dim < 30000 ? 1 : vx_work_jobs());
    good = take_and_draw(r, model, &picture, arena, error);
  }
  vx_model_close(model);
  vx_picture_free(&picture);
  vx_arena_free(arena);
  return good ? 0 : 1;
}

int vx_cmd_attention(int argc, char **argv, vx_error *error) {
  request r = {.out = "attention", .weights = "rollout", .patches = 8};
  const vx_option options[] = {{"model", VX_OPTION_TEXT, &r.model},     {"out", VX_OPTION_TEXT, &r.out},
                               {"mask", VX_OPTION_TEXT, &r.mask},       {"classes", VX_OPTION_TEXT, &r.classes},
                               {"weights", VX_OPTION_TEXT, &r.weights}, {"patches", VX_OPTION_INT, &r.patches},
                               {"layer", VX_OPTION_INT, &r.layer}};
  int operands, flow;
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands != 1 || !r.model) return vx_bad_use(error, argv[0], "wants one IMAGE and --model DIR");
  if (r.patches < 1 || r.patches > VX_PLOT_PATCHES_MAX)
    return vx_bad_use(error, argv[0], "--patches is %d, expected 1 to %d", r.patches, VX_PLOT_PATCHES_MAX);
  if (r.layer < 0) return vx_bad_use(error, argv[0], "--layer is %d, expected 1 or more", r.layer);
  if (!vx_choice(argv[0], "weights", r.weights, "rollout|flow", &flow, error)) return 2;
  r.flow = flow == 1;
  r.picture = argv[argc - 1];
  return attention_of(&r, error);
}
