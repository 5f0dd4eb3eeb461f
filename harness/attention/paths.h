/* How attention carries what is in the patches up through the layers to [CLS]: numbers, for plots.

   Levels 0 (input tokens) to L (output tokens); token 0 is [CLS]. With M_l = rownormalise(mean_h A_l + I) a unit of
   weight starts at [CLS] of level L and is passed down; what arrives at level 0 is a heat map. Where it passes is the
   question here. */
#ifndef VX_ATTENTION_PATHS_H
#define VX_ATTENTION_PATHS_H

#include "core/vx.h"

/* A unit of weight on its way. At every level the nodes sum to 1; what leaves a node upwards-down equals what came in:
   node[l + 1][i] = sum_j edge[l][i][j], node[l][j] = sum_i edge[l][i][j]. */
typedef struct vx_paths {
  int layers, tokens;
  double *edge; /* [L][n][n] weight from token i of level l + 1 to token j of level l */
  double *node; /* [L + 1][n] */
} vx_paths;

/* M [L][n][n] of a view with the attention of all layers, heads fused by their mean. NULL when memory is out. */
double *vx_paths_matrices(const vx_shape *shape, const double *attention, vx_arena *arena, vx_error *error);

/* Rollout (Abnar & Zuidema 2020): every token passes on its weight as M says. node[0] without [CLS] is the rollout map.
 */
bool vx_paths_rollout(const double *matrices, int layers, int tokens, vx_arena *arena, vx_paths *paths,
                      vx_error *error);

/* Attention flow (the same paper): for every token of level 0 a maximum flow from [CLS] at the top through capacities
   M; the flows added up and divided by the sum of their values. node[0] without [CLS] is the attention-flow map. */
bool vx_paths_flow(const double *matrices, int layers, int tokens, vx_arena *arena, vx_paths *paths, vx_error *error);

/* The way that carries most weight from [CLS] at the top to `token` of level 0: token_of[L + 1], level 0 first. Returns
   its weight, the product of the shares that each node on it passes to the next; 0 when none leads there. Fails without
   memory: -1. */
double vx_paths_strongest(const vx_paths *paths, int token, int *token_of, vx_error *error);

/* The `count` patches (tokens 1 …) of largest weight, summed over levels 0 to L - 1 with those of level 0 counted
   twice, so that both what is looked at and what carries is shown; largest first. Returns how many there are. */
int vx_paths_main_tokens(const vx_paths *paths, int count, int *tokens);

/* The same with all other tokens as one: group 0 is [CLS], 1 … count the given tokens, count + 1 all others.
   node [L + 1][count + 2], edge [L][count + 2][count + 2] as above. Sums are those of `paths`. */
void vx_paths_group(const vx_paths *paths, const int *tokens, int count, double *node, double *edge);

/* values [L][patches]: the attention of [CLS] to each patch, mean over heads; or [H][patches]: each head of `layer`. */
void vx_attention_by_layer(const vx_shape *shape, const double *attention, double *values);
void vx_attention_by_head(const vx_shape *shape, const double *attention, int layer, double *values);

#endif
