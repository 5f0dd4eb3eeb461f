/* Parameters that several methods have, so that they mean and say the same in each. */
#ifndef VX_PARAMS_H
#define VX_PARAMS_H

#include "explainers/parts/fuse.h"

#define VX_STABLE_DELTA 1e-2 /* of the ids that end in -stable */

/* Initialisers of a vx_param. */
#define VX_STABILIZER_PARAM(delta)                                                                                     \
  {                                                                                                                    \
    .name = "stabilizer", .type = VX_PARAM_REAL, .standard = (delta), .low = 0, .high = 1,                             \
    .meaning = "delta of the stabilised rules, see docs/precision.md; 0: as published"                                 \
  }

#define VX_HEADS_PARAM(fusion)                                                                                         \
  {                                                                                                                    \
    .name = "heads", .type = VX_PARAM_CHOICE, .standard = (fusion), .choices = VX_FUSION_CHOICES,                      \
    .meaning = "how heads are fused"                                                                                   \
  }

#define VX_LAYER_PARAM(name_text, layer, text)                                                                         \
  { .name = (name_text), .type = VX_PARAM_LAYER, .standard = (layer), .low = -1000, .high = 1000, .meaning = (text) }

#define VX_START_PARAM(text) VX_LAYER_PARAM("start_layer", 0, text)

/* Two methods of a file with a relevance pass: as published (`params`), and with stabilised rules (`params_stable`).
   The rest are the fields that they share. */
#define VX_RELEVANCE_METHOD(name, table, ...)                                                                          \
  const vx_explainer vx_explainer_##name = {                                                                           \
      .class_specific = true, .params = VX_PARAMS(table), .needs = ask, .explain = explain, __VA_ARGS__};
#define VX_RELEVANCE_METHODS(name, id_text, title_text, formula_text, source_text, ...)                                \
  VX_RELEVANCE_METHOD(name, params, .id = id_text, .title = title_text, .formula = formula_text,                       \
                      .source = source_text, __VA_ARGS__)                                                              \
  VX_RELEVANCE_METHOD(name##_stable, params_stable, .id = id_text "-stable", .title = title_text ", stabilised",       \
                      .formula = formula_text "; stabilised rules, delta = 1e-2",                                      \
                      .source = source_text "; stabilised by us", __VA_ARGS__)

#endif
