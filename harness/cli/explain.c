#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/safe_name.h"
#include "base/text.h"
#include "harness/cli/cli.h"
#include "harness/draw/png.h"
#include "harness/pictures/explain_files.h"
#include "harness/run/workers.h"

#define METHODS                                                                                                        \
  "rollout,attn-gradcam,ag-cam,attention-gradient,generic-attention,transformer-attribution-stable,lrp-stable,"        \
  "saliency"

const char vx_help_explain[] =
    "NAME\n"
    "  vitx explain - what the model sees in pictures, and where each method says it looked\n\n"
    "SYNOPSIS\n"
    "  vitx explain IMAGE... | FOLDER --model DIR [OPTIONS]\n\n"
    "DESCRIPTION\n"
    "  A second opinion on any JPEG or PNG; no data set and no mask is needed. Prints the five most probable\n"
    "  classes, what part of the picture each method's mask covers, and how far the methods agree. Writes into a\n"
    "  folder a picture:\n\n"
    "    contact-sheet.png        everything on one page, with names\n"
    "    picture.png              what the model was shown: squashed or cropped as its checkpoint says\n"
    "    consensus.png            mean of the methods' maps, each scaled to 0..1\n"
    "    disagreement.png         their standard deviation, pixel by pixel, on a scale from 0 to 0.5\n"
    "    agreement.tsv            each pair: Spearman's rank correlation of the maps, IoU of the Otsu masks\n"
    "    METHOD-overlay.png       the map in colours over the picture\n"
    "    METHOD-v.png             V = I (.) A, the picture times the map: what is dark was not looked at\n"
    "    METHOD-v-otsu.png        V with the thresholded map: the picture inside the Otsu mask\n"
    "    METHOD-outline.png       the outline of that mask\n"
    "    METHOD-contrast.png      with --against: orange where the map for the one class is above the map for the\n"
    "                             other, blue where it is below\n\n"
    "  Maps are upsampled, scaled and thresholded exactly as `vitx run` scores them. Methods that never look at\n"
    "  the model (random, center ...) are drawn when asked for, but have no part in consensus and agreement.\n"
    "  A picture that cannot be read is named and left out; the others are explained.\n\n"
    "OPTIONS\n"
    "  --model DIR                checkpoint: model.safetensors, config.json, preprocessor_config.json\n"
    "  --methods a,b|all          ids (`vitx ls methods`), or mixes: rollout+lrp-stable:sqrt\n"
    "                             [rollout, attn-gradcam, ag-cam, attention-gradient, generic-attention,\n"
    "                             transformer-attribution-stable, lrp-stable, saliency]\n"
    "  --param METHOD.NAME=VALUE  sets a parameter of a method asked for; may be repeated\n"
    "  --target CLASS             class explained: top, second, an index or a label [top]\n"
    "  --against CLASS            draws the contrast to a second class; top means the best besides the target\n"
    "  --precision single|mixed|double   [mixed]\n"
    "  --out DIR                  where to write, made when missing [explained]\n"
    "  --sheet-only               no files a method, only those of the picture\n"
    "  --size auto|input|image|N  pixels of what is drawn: the model's input; the picture's own (at most 1024 a\n"
    "                             side; for models that squash); N a side; auto is the largest multiple of the\n"
    "                             input up to 512 [auto]\n"
    "  --map viridis|inferno|magma|grey  colours of overlays, all safe for colour-blind readers [inferno]\n"
    "  --alpha X                  weight of the colours over the picture, 0 to 1 [0.6]\n"
    "  --seed N                   of methods that draw at random [0]\n\n"
    "EXAMPLES\n"
    "  vitx explain cat.jpg --model models/vit-base-patch16-224\n"
    "  vitx explain photos/ --model models/vit --methods all --sheet-only --out opinions\n"
    "  vitx explain cat.jpg --model models/vit --target 'Egyptian cat' --against tabby --map inferno\n"
    "  vitx explain cat.jpg --model models/vit --methods lrp,rollout+lrp:sqrt --param lrp.stabilizer=0.01\n\n"
    "EXIT STATUS\n"
    "  0 all explained; 1 nothing could be done (one line says why), or some pictures could not be explained;\n"
    "  2 bad use\n";

typedef struct request {
  const char *model, *methods, *target, *against, *out, *size, *map, *precision;
  vx_texts params;
  double alpha;
  int seed;
  bool sheet_only;
  const vx_colours *colours;
} request;

/* Everything that is open while pictures are explained. */
typedef struct session {
  const request *request;
  vx_model *model;
  vx_config *methods;
  vx_explain *explain;
  char note[300];
  char (*stems)[VX_SAFE_NAME]; /* folders written so far */
  size_t stem_count;
  int failed;
} session;

/* ---- which pictures ------------------------------------------------------------------------------------------ */

typedef struct paths {
  char **path;
  size_t count, room;
} paths;

static bool add_path(paths *all, char *path, vx_error *error) {
  if (path && all->count == all->room) {
    size_t room = 2 * all->room + 64;
    char **larger = realloc(all->path, room * sizeof *larger);
    if (larger) all->path = larger, all->room = room;
  }
  if (!path || all->count == all->room) {
    free(path);
    return vx_fail(error, "explain", "out of memory");
  }
  all->path[all->count++] = path;
  return true;
}

static void free_paths(paths *all) {
  for (size_t i = 0; i < all->count; i++) free(all->path[i]);
  free(all->path);
}

static int is_picture(const struct dirent *entry) {
  static const char *const endings[] = {".jpg", ".jpeg", ".png"};
  const char *dot = strrchr(entry->d_name, '.');
  for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
    if (strcasecmp(dot, endings[i]) == 0) return 1;
  return 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(paths *all, const char *folder, vx_error *error) {
  struct dirent **entries;
  int count = scandir(folder, &entries, is_picture, by_bytes);
  if (count < 0) return vx_fail(error, folder, "cannot be read: %s", strerror(errno));
  bool good = count > 0 || vx_fail(error, folder, "holds no .jpg, .jpeg or .png file");
  for (int i = 0; i < count; i++) {
    if (good) good = add_path(all, vx_path_join(folder, entries[i]->d_name, NULL), error);
    free(entries[i]);
  }
  free(entries);
  return good;
}

static bool find_pictures(char **operands, int count, paths *all, vx_error *error) {
  for (int i = 0; i < count; i++)
    if (!(vx_folder_exists(operands[i]) ? add_folder(all, operands[i], error)
                                        : add_path(all, strdup(operands[i]), error)))
      return false;
  return true;
}

/* ---- what is printed ----------------------------------------------------------------------------------------- */

static void print_top(const session *s, const vx_explained *e) {
  vx_print_top(s->model, e->top, e->top_count);
  printf("explained: ");
  vx_print_name(stdout, vx_model_label(s->model, e->target));
  if (e->against >= 0) {
    printf(", against ");
    vx_print_name(stdout, vx_model_label(s->model, e->against));
  }
  putchar('\n');
}

static void print_methods(const session *s, const vx_explained *e) {
  printf("\n  %-36s %8s %10s\n", "method", "mask", "ms");
  for (int i = 0; i < s->methods->method_count; i++) {
    const vx_drawn *drawn = &e->drawn[i];
    if (drawn->method->hidden) continue;
    if (!drawn->made)
      printf("  %-36s could not be made: %s\n", drawn->method->name, drawn->error.why);
    else
      printf("  %-36s %6.1f %% %10.1f%s\n", drawn->method->name, 100 * drawn->share, drawn->milliseconds,
             drawn->sized.heat.flat ? "  flat: no contrast at all" : "");
  }
}

static const char *opinion(const vx_explained *e, const vx_agreement *a, int i) {
  return e->drawn[a->index[i]].method->name;
}

static void print_matrix(const vx_explained *e, const vx_agreement *a) {
  printf("\nagreement: above the diagonal rank correlation of the maps, below it IoU of the Otsu masks\n  %-36s", "");
  for (int j = 0; j < a->count; j++) printf(" %5d", j + 1);
  for (int i = 0; i < a->count; i++) {
    printf("\n  %2d %-33.33s", i + 1, opinion(e, a, i));
    for (int j = 0; j < a->count; j++) {
      double value = j > i ? a->spearman[i * a->count + j] : a->iou[i * a->count + j];
      if (i == j)
        printf("     -");
      else
        printf(" %5.2f", value);
    }
  }
  putchar('\n');
}

static void print_agreement(const vx_explained *e, const vx_agreement *a) {
  if (a->count < 2) return;
  if (a->count <= 12) print_matrix(e, a);
  if (a->nearest >= 0)
    printf("nearest to the others: %s (mean rank correlation %.2f); furthest: %s (%.2f)\n", opinion(e, a, a->nearest),
           a->typical[a->nearest], opinion(e, a, a->furthest), a->typical[a->furthest]);
  int x = (int)(a->most_at % (size_t)e->width), y = (int)(a->most_at / (size_t)e->width);
  printf("they disagree most at %.0f %% from the left, %.0f %% from the top (spread %.2f of at most 0.50)\n",
         100 * (x + 0.5) / e->width, 100 * (y + 0.5) / e->height, a->most);
}

/* ---- one picture --------------------------------------------------------------------------------------------- */

/* out/STEM, a folder of its own, made when missing. */
static char *own_folder(session *s, const char *path, vx_error *error) {
  char *name = s->stems[s->stem_count];
  vx_safe_stem(path, name);
  vx_safe_distinct((const char(*)[VX_SAFE_NAME])s->stems, s->stem_count, name);
  s->stem_count++;
  char *folder = vx_path_join(s->request->out, name, NULL);
  if (folder ? vx_folder_make(folder, error) : vx_fail(error, path, "out of memory")) return folder;
  free(folder);
  return NULL;
}

static bool show(session *s, const char *path, const vx_explained *e, vx_error *error) {
  vx_agreement agreement;
  size_t pixels = (size_t)e->width * (size_t)e->height;
  if (!vx_agreement_make(e->drawn, s->methods->method_count, pixels, &agreement, error)) return false;
  print_top(s, e);
  print_methods(s, e);
  print_agreement(e, &agreement);
  const char *slash = strrchr(path, '/');
  vx_contact_sheet sheet = {.explained = e,
                            .agreement = &agreement,
                            .method_count = s->methods->method_count,
                            .model = s->model,
                            .title = slash ? slash + 1 : path,
                            .colours = s->request->colours,
                            .alpha = s->request->alpha,
                            .note = s->note};
  char *folder = own_folder(s, path, error);
  bool good = folder && vx_explain_write(&sheet, folder, s->request->sheet_only, error);
  if (good) {
    printf("drawn: ");
    vx_print_name(stdout, folder);
    puts("/contact-sheet.png\n");
  }
  free(folder);
  vx_agreement_free(&agreement);
  return good;
}

static void explain_one(session *s, const char *path) {
  vx_error error = {"", ""};
  const vx_explained *e = vx_explain_picture(s->explain, path, &error);
  if (e) {
    vx_print_name(stdout, path);
    printf(" (%d x %d, seen as %d x %d)\n", e->picture_width, e->picture_height, vx_explain_input(s->explain)->size,
           vx_explain_input(s->explain)->size);
  }
  if (e && show(s, path, e, &error)) return;
  s->failed++;
  fflush(stdout);
  fputs("vitx: ", stderr);
  vx_print_name(stderr, error.where);
  fprintf(stderr, ": %s\n", error.why);
}

/* ---- the command --------------------------------------------------------------------------------------------- */

static bool read_size(const request *r, vx_explain_options *o, vx_error *error) {
  int word = vx_choice_find("auto|input|image", r->size); /* in the order of vx_draw_size */
  o->size = word >= 0 ? (vx_draw_size)word : VX_DRAW_OWN;
  if (word >= 0) return true;
  char *end;
  long side = strtol(r->size, &end, 10);
  if (end == r->size || *end || side < 8 || side > 4096)
    return vx_bad_use(error, "explain", "--size is '%s', expected auto, input, image or 8 to 4096", r->size), false;
  o->side = (int)side;
  return true;
}

static void write_note(session *s, vx_precision precision) {
  static const char *const precisions[] = {"single", "mixed", "double"};
  const vx_input_options *input = vx_explain_input(s->explain);
  snprintf(s->note, sizeof s->note, "%.160s (%s) \302\267 %s to %d x %d \302\267 precision %s \302\267 vitx %s",
           s->request->model, vx_model_digest(s->model), vx_input_cuts(input) ? "scaled and cropped" : "squashed",
           input->size, input->size, precisions[precision], VITX_VERSION);
}

static bool open_session(session *s, vx_explain_options *o, vx_error *error) {
  const request *r = s->request;
  s->model = vx_model_open(r->model, error);
  if (!s->model) return false;
  /* One picture at a time may have all processors; on the products of small models they would only wait. */
  const vx_shape *shape = vx_model_shape(s->model);
  vx_blas_threads(shape->tokens * shape->dim < 30000 ? 1 : vx_work_jobs());
  s->methods = vx_config_methods(r->methods, r->params.text, r->params.count, VX_NEED_PRIOR, shape, error);
  if (!s->methods || !vx_target_read(r->target, s->model, false, "--target", &o->target, error)) return false;
  o->against = VX_AGAINST_NONE;
  if (r->against) {
    if (!vx_target_read(r->against, s->model, false, "--against", &o->against, error)) return false;
    if (o->against < 0) o->against = VX_AGAINST_NEXT;
  }
  o->model = s->model;
  o->folder = r->model;
  o->methods = s->methods->methods;
  o->method_count = s->methods->method_count;
  o->seed = (uint64_t)r->seed;
  s->explain = vx_explain_open(o, error);
  if (!s->explain) return false;
  write_note(s, o->precision);
  return vx_folder_make(r->out, error);
}

static void close_session(session *s) {
  vx_explain_close(s->explain);
  vx_config_free(s->methods);
  vx_model_close(s->model);
  free(s->stems);
}

static int explain_all(const request *r, vx_explain_options *o, const paths *pictures, vx_error *error) {
  session s = {.request = r};
  s.stems = calloc(pictures->count + 1, sizeof *s.stems);
  bool good = s.stems || vx_fail(error, "explain", "out of memory");
  good = good && open_session(&s, o, error);
  for (size_t i = 0; good && i < pictures->count; i++) explain_one(&s, pictures->path[i]);
  int failed = s.failed;
  close_session(&s);
  if (failed && pictures->count > 1)
    fprintf(stderr, "vitx: %d of %zu pictures could not be explained\n", failed, pictures->count);
  return good && failed == 0 ? 0 : 1;
}

int vx_cmd_explain(int argc, char **argv, vx_error *error) {
  request r = {.methods = METHODS,
               .target = "top",
               .out = "explained",
               .size = "auto",
               .map = VX_COLOUR_DEFAULT,
               .precision = "mixed",
               .alpha = 0.6};
  const vx_option options[] = {{"model", VX_OPTION_TEXT, &r.model},
                               {"methods", VX_OPTION_TEXT, &r.methods},
                               {"param", VX_OPTION_LIST, &r.params},
                               {"target", VX_OPTION_TEXT, &r.target},
                               {"against", VX_OPTION_TEXT, &r.against},
                               {"out", VX_OPTION_TEXT, &r.out},
                               {"size", VX_OPTION_TEXT, &r.size},
                               {"map", VX_OPTION_TEXT, &r.map},
                               {"precision", VX_OPTION_TEXT, &r.precision},
                               {"alpha", VX_OPTION_REAL, &r.alpha},
                               {"seed", VX_OPTION_INT, &r.seed},
                               {"sheet-only", VX_OPTION_FLAG, &r.sheet_only}};
  vx_explain_options o = {0};
  int operands, precision, map;
  if (!vx_options(argc, argv, options, VX_COUNT(options), &operands, error)) return 2;
  if (operands < 1 || !r.model) return vx_bad_use(error, argv[0], "wants pictures or a folder, and --model DIR");
  if (!(r.alpha >= 0 && r.alpha <= 1)) return vx_bad_use(error, argv[0], "--alpha is %g, expected 0 to 1", r.alpha);
  if (!vx_choice(argv[0], "precision", r.precision, "single|mixed|double", &precision, error) ||
      !vx_choice(argv[0], "map", r.map, VX_COLOUR_CHOICES, &map, error) || !read_size(&r, &o, error))
    return 2;
  o.precision = (vx_precision)precision;
  r.colours = vx_colours_find(r.map);
  paths pictures = {0};
  int status = 1;
  if (find_pictures(argv + argc - operands, operands, &pictures, error)) status = explain_all(&r, &o, &pictures, error);
  free_paths(&pictures);
  return status;
}
