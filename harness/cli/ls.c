#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/nearest.h"
#include "core/vx.h"
#include "harness/cli/cli.h"
#include "harness/config/config.h"
#include "harness/data/input.h"
#include "harness/data/voc.h"
#include "harness/run/cost.h"
#include "harness/store/query.h"
#include "harness/store/store.h"
#include "metrics/measure.h"

const char vx_help_ls[] =
    "NAME\n"
    "  vitx ls - what there is: methods, metrics, runs in a file, what a model or a data set holds\n\n"
    "SYNOPSIS\n"
    "  vitx ls methods [ID]\n"
    "  vitx ls metrics\n"
    "  vitx ls runs FILE.sqlite\n"
    "  vitx ls model DIR\n"
    "  vitx ls data DIR\n\n"
    "DESCRIPTION\n"
    "  methods  id, family, whether it explains one class, its grid, what the passes cost that it needs if it stood\n"
    "           alone (in forward passes of ViT-B/16, the forward pass itself included; what it computes itself from\n"
    "           the passes is not counted), title, source, citation; with ID\n"
    "           the whole entry: formula, citation, parameters with defaults and ranges\n"
    "  metrics  id, its columns in the results, what they mean\n"
    "  runs     the runs in a results file: images, how many passed the gate, methods, when, of what, and every key\n"
    "           of the configuration that is not the default\n"
    "  model    shape, naming, parameters, digest, how it wants its pictures, leading tokens, what the head reads,\n"
    "           norms, activation, what was folded into weights, what the logits mean, classes, and the methods that\n"
    "           have no map of it, with the reason\n"
    "  data     the layout, the classes, what the first masks are as truths, the lists with their lengths\n\n"
    "EXAMPLES\n"
    "  vitx ls methods\n"
    "  vitx ls methods rollout\n"
    "  vitx ls data VOCdevkit/VOC2012\n\n"
    "EXIT STATUS\n"
    "  0, 1 something could not be read (one line says what), 2 bad use\n";

/* ---- methods ------------------------------------------------------------------------------------------------------
 */

static void cost_text(const vx_explainer *explainer, char *text, size_t size) {
  vx_args args;
  vx_needs needs;
  vx_args_default(&explainer->params, &args);
  vx_explainer_needs(explainer, &vx_cost_shape, &args, &needs);
  if (explainer->by_name_only)
    snprintf(text, size, "parts");
  else
    snprintf(text, size, "%.2f", vx_cost(&needs, &vx_cost_shape));
}

static void print_param(const vx_params *params, int index) {
  static const char *const types[] = {"whole number", "number", "true or false", "", "layer", "text"};
  const vx_param *param = &params->param[index];
  vx_args args;
  vx_text value = {0};
  vx_args_default(params, &args);
  vx_args_add_value(params, &args, index, &value);
  printf("  %-14s %s", param->name, param->meaning);
  if (param->type == VX_PARAM_CHOICE)
    printf(" (%s)", param->choices);
  else if (param->type == VX_PARAM_INT || param->type == VX_PARAM_REAL)
    printf(" (%s from %g to %g)", types[param->type], param->low, param->high);
  else
    printf(" (%s)", types[param->type]);
  printf(" [%s]\n", value.text ? value.text : "");
  free(value.text);
}

static int show_method(const char *id, vx_error *error) {
  vx_method method;
  if (!vx_method_from_id(id, "ls methods", &method, error)) return 1;
  const vx_explainer *e = method.explainer;
  char cost[32];
  cost_text(e, cost, sizeof cost);
  printf("%s: %s\n\n", e->id, e->title);
  printf("  family    %s\n  explains  %s\n  grid      %s\n  cost      %s forward passes\n", vx_family_name(e->family),
         e->class_specific ? "one class" : "no class of its own",
         e->grid == VX_GRID_PATCH ? "one value a patch" : "one value a pixel", cost);
  printf("  formula   %s\n  source    %s\n  citation  %s\n", e->formula, e->source, e->cite);
  if (e->params.count) puts("\nparameters");
  for (int i = 0; i < e->params.count; i++) print_param(&e->params, i);
  return 0;
}

static int list_methods(const char *id, vx_error *error) {
  if (id) return show_method(id, error);
  char cost[32];
  printf("%-31s %-12s %-6s %-6s %6s  %-38s %-26s %s\n", "id", "family", "class", "grid", "cost", "title", "source",
         "citation");
  for (int i = 0; i < vx_explainer_count(); i++) {
    const vx_explainer *e = vx_explainer_at(i);
    cost_text(e, cost, sizeof cost);
    printf("%-31s %-12s %-6s %-6s %6s  %-38s %-26s %s\n", e->id, vx_family_name(e->family),
           e->class_specific ? "yes" : "no", e->grid == VX_GRID_PATCH ? "patch" : "pixel", cost, e->title, e->source,
           e->cite);
  }
  return 0;
}

/* ---- metrics ------------------------------------------------------------------------------------------------------
 */

static int list_metrics(const char *unused, vx_error *error) {
  (void)unused, (void)error;
  int count;
  const vx_measure *const *all = vx_measures(&count);
  for (int i = 0; i < count; i++) {
    printf("%-18s %s. %s (%s)\n", all[i]->id, all[i]->title, all[i]->meaning, all[i]->cite);
    for (int c = 0; c < all[i]->column_count; c++)
      printf("  %-16s %s: %s\n", all[i]->columns[c].name, all[i]->columns[c].title, all[i]->columns[c].meaning);
    for (int p = 0; p < all[i]->params.count; p++) print_param(&all[i]->params, p);
  }
  return 0;
}

/* ---- runs ---------------------------------------------------------------------------------------------------------
 */

static bool print_run(vx_store *store, const vx_run_row *r, vx_arena *arena, vx_error *error) {
  vx_store_counts counts;
  vx_method_row *methods;
  int count;
  if (!vx_store_count(store, r->id, &counts, error) || !vx_query_methods(store, r->id, arena, &methods, &count, error))
    return false;
  char *changed = vx_config_changed(r->config, r->name, true, error);
  if (!changed) return false;
  printf("%3d  %-20s %9d %9d %7d %8d  %-20s %-20s %s, %s, %s%s%s%s%.12s%s%s%s\n", (int)r->id, r->name, r->image_count,
         counts.done, counts.passed, count, r->started, *r->finished ? r->finished : "not yet", r->model, r->data,
         r->kernel, *r->protocol ? "; protocol " : "", r->protocol, *r->protocol ? " (SHA-256 " : "",
         r->protocol_digest, *r->protocol ? "…)" : "", *changed ? "; " : "", changed);
  free(changed);
  return true;
}

static int list_runs(const char *path, vx_error *error) {
  vx_store *store = vx_store_open(path, VX_STORE_READ, error);
  vx_arena *arena = vx_arena_new();
  vx_run_row *runs;
  int count = 0;
  bool good = store && (arena || vx_fail(error, "ls runs", "out of memory")) &&
              vx_query_runs(store, arena, &runs, &count, error);
  if (good)
    printf("%3s  %-20s %9s %9s %7s %8s  %-20s %-20s %s\n", "run", "name", "images", "done", "passed", "methods",
           "started", "finished", "model, data, kernel; protocol; keys that are not the default");
  for (int i = 0; good && i < count; i++) good = print_run(store, &runs[i], arena, error);
  vx_arena_free(arena);
  vx_store_close(store);
  return good ? 0 : 1;
}

/* ---- model --------------------------------------------------------------------------------------------------------
 */

static void print_input(const char *folder, int side) {
  vx_input_options in;
  vx_error error;
  if (!vx_input_from_checkpoint(folder, side, &in, &error)) {
    printf("pictures    not said: %s: %s\n", error.where, error.why);
    return;
  }
  char text[400];
  vx_input_describe(&in, text, sizeof text);
  printf("pictures    %s\n", text);
}

/* Of what a model of the family may have or not, what this one has. */
static void print_outline(const vx_shape *s) {
  static const char *const readouts[] = {"[CLS]", "the mean of the patches",
                                         "[CLS] and distillation token, each by a head of its own: the mean of both",
                                         "[CLS] and the mean of the patches, side by side"};
  static const char *const activations[] = {"gelu (erf)", "gelu_tanh", "quick_gelu", "relu"};
  printf("tokens      %s%s", s->no_cls ? "no [CLS]" : "[CLS]", s->distillation ? ", distillation" : "");
  if (s->registers) printf(", %d register%s", s->registers, s->registers > 1 ? "s" : "");
  if (s->unplaced) printf(" (the last %d without a position)", s->unplaced);
  printf(", then %d patches\nreadout     %s\n", s->grid * s->grid, readouts[s->readout]);
  printf("norms       %s%s%s\n", s->pre_norm ? "before the first block, " : "",
         s->qk_norm ? "of each head's q and k, " : "",
         s->fc_norm ? "of what is read (fc_norm)" : "of the last block's tokens");
  printf("activation  %s\n", activations[s->activation]);
  bool two = s->readout == VX_READ_TWO;
  printf("folded      %s%s%s\n", s->scaled ? "layer scale into proj and fc2" : "", s->scaled && two ? "; " : "",
         two         ? "the two heads into one"
         : s->scaled ? ""
                     : "nothing");
}

/* Which methods have a map of it, and why the others have none. */
static void print_fits(const vx_shape *s) {
  int count = 0;
  vx_error why;
  for (int i = 0; i < vx_explainer_count(); i++) count += vx_explainer_fits(vx_explainer_at(i), s, NULL);
  printf("methods     %d of %d\n", count, vx_explainer_count());
  for (int i = 0; i < vx_explainer_count(); i++)
    if (!vx_explainer_fits(vx_explainer_at(i), s, &why)) printf("  refused   %s: %s\n", why.where, why.why);
}

static int show_model(const char *folder, vx_error *error) {
  vx_model *model = vx_model_open(folder, error);
  if (!model) return 1;
  const vx_shape *s = vx_model_shape(model);
  printf("model       %s\nnaming      %s\nparameters  %.0f\ndigest      %s\n", folder, vx_model_naming(model),
         vx_model_parameters(model), vx_model_digest(model));
  printf("shape       %d layers, width %d, %d heads of %d, MLP %d, epsilon %g\n", s->layers, s->dim, s->heads,
         s->head_dim, s->mlp, s->epsilon);
  printf("picture     %d x %d in patches of %d: %d tokens\n", s->image, s->image, s->patch, s->tokens);
  print_input(folder, s->image);
  print_outline(s);
  static const char *const problems[] = {"one class is right: softmax", "each class for itself: sigmoid",
                                         "regression: no probabilities"};
  printf("head        %s\n", problems[s->problem]);
  printf("classes     %d: ", s->classes);
  for (int i = 0; i < s->classes && i < 5; i++) printf("%s%s", i ? "; " : "", vx_model_label(model, i));
  puts(s->classes > 5 ? "; …" : "");
  print_fits(s);
  vx_model_close(model);
  return 0;
}

/* ---- data ---------------------------------------------------------------------------------------------------------
 */

typedef struct listing {
  const char *root;
  vx_error *error;
  bool classes_shown;
} listing;

static void show_classes(const vx_voc *voc) {
  const vx_classes *classes = &voc->classes;
  printf("classes     %d (%s):", classes->count - 1, voc->class_source);
  for (int i = 1; i < classes->count && i <= 40; i++) printf("%s %s", i > 1 ? "," : "", classes->name[i]);
  puts(classes->count > 41 ? ", …" : "");
}

/* What files beside the data say that colours and values mean. */
static void show_labels(const vx_voc *voc) {
  enum { MOST = 12 };
  const vx_mask_reading *r = &voc->reading;
  for (size_t i = 0; i < r->count && i < MOST; i++) {
    const vx_mask_label *l = &r->label[i];
    const char *name = l->label == VX_LABEL_VOID       ? "void"
                       : l->label < voc->classes.count ? voc->classes.name[l->label]
                                                       : "object";
    printf(l->colour ? "%s#%06x %s" : "%s%u %s", i ? ", " : "labels      ", (unsigned)l->from, name);
  }
  if (r->count) puts(r->count > MOST ? ", …" : "");
}

/* What the first masks of a list are, and how they were read. */
static void show_masks(const vx_voc *voc) {
  enum { MOST = 100 };
  int seen[VX_TRUTH_INTERPOLATED + 1] = {0}, refused = 0, looked = 0;
  vx_error error;
  for (size_t i = 0; i < voc->count && looked < MOST; i++) {
    vx_mask mask;
    if (!vx_file_exists(voc->entry[i].mask)) continue;
    looked++;
    if (!vx_voc_mask(voc, &voc->entry[i], &mask, refused ? NULL : &error)) {
      refused++;
      continue;
    }
    seen[mask.status]++;
    vx_mask_free(&mask);
  }
  if (voc->reading.count)
    printf("masks       read by %zu values and colours that are given", voc->reading.count);
  else
    printf("masks       read as they themselves say");
  printf("; of the first %d: %d ok", looked, seen[VX_TRUTH_OK]);
  for (int i = VX_TRUTH_BINARY; i <= VX_TRUTH_INTERPOLATED; i++)
    if (seen[i]) printf(", %d %s", seen[i], vx_truth_name((vx_truth_status)i));
  if (refused) printf(", %d refused, as %s: %s", refused, error.where, error.why);
  putchar('\n');
}

/* One list: its length, and how many of its pictures, masks and annotations are there. A broken list is said and passed
   over. */
static bool show_list(const char *name, void *user) {
  listing *l = user;
  vx_voc voc;
  vx_error error;
  if (!vx_voc_open(l->root, name, NULL, &voc, &error)) {
    printf("list        %-16s broken: %s: %s\n", name, error.where, error.why);
    return true;
  }
  size_t pictures = 0, masks = 0, annotations = 0;
  for (size_t i = 0; i < voc.count; i++) {
    pictures += vx_file_exists(voc.entry[i].image);
    masks += vx_file_exists(voc.entry[i].mask);
    annotations += vx_file_exists(voc.entry[i].annotation);
  }
  if (!l->classes_shown) {
    printf("layout      %s\n", voc.layout);
    show_classes(&voc);
    show_labels(&voc);
    show_masks(&voc);
  }
  printf("list        %-16s %6zu images: %zu pictures, %zu masks, %zu annotations are there; %s", name, voc.count,
         pictures, masks, annotations, voc.list_kind);
  if (voc.left_out) printf(", %zu with -1 left out", voc.left_out);
  putchar('\n');
  l->classes_shown = true;
  vx_voc_close(&voc);
  return true;
}

static int show_data(const char *root, vx_error *error) {
  listing l = {.root = root, .error = error};
  return vx_voc_lists(root, show_list, &l, error) ? 0 : 1;
}

/* ---- the command --------------------------------------------------------------------------------------------------
 */

int vx_cmd_ls(int argc, char **argv, vx_error *error) {
  int operands, what;
  if (!vx_options(argc, argv, NULL, 0, &operands, error)) return 2;
  if (operands < 1 || operands > 2)
    return vx_bad_use(error, "ls", "wants methods [ID], metrics, runs FILE, model DIR or data DIR");
  const char *word = argv[argc - operands], *of = operands == 2 ? argv[argc - 1] : NULL;
  static const struct {
    const char *word;
    int (*list)(const char *of, vx_error *error);
  } lists[] = {{"methods", list_methods},
               {"metrics", list_metrics},
               {"runs", list_runs},
               {"model", show_model},
               {"data", show_data}};
  for (what = 0; what < 5 && strcmp(word, lists[what].word) != 0; what++) continue;
  if (what == 5)
    return vx_bad_use(error, "ls", "'%s' is none of methods, metrics, runs, model, data%s", word,
                      vx_meant(word, VX_WORDS(lists, 5, word), NULL).text);
  if (what >= 2 && !of) return vx_bad_use(error, "ls", "%s of what? expected `vitx ls %s PATH`", word, word);
  return lists[what].list(of, error);
}
