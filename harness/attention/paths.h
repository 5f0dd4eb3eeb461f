/* How attention carries what is in the patches up through the layers to what the head reads: numbers, for plots.

   Levels 0 (input tokens) to L (output tokens); leading tokens ([CLS] …) first, then the patches. With
   M_l = rownormalise(mean_h A_l + I) a unit of weight starts at level L as the readout r says (at [CLS], where the head
   reads it) and is passed down; what arrives at level 0 is a heat map. Where it passes is the question here. */
#ifndef VX_ATTENTION_PATHS_H
#define VX_ATTENTION_PATHS_H

#include "core/vx.h"

/* A unit of weight on its way. At every level the nodes sum to 1; what leaves a node upwards-down equals what came in:
   node[l + 1][i] = sum_j edge[l][i][j], node[l][j] = sum_i edge[l][i][j]. */
typedef struct vx_paths {
  int layers, tokens, leading;
  double *edge; /* [L][n][n] weight from token i of level l + 1 to token j of level l */
  double *node; /* [L + 1][n] */
} vx_paths;

/* M [L][n][n] of a view with the attention of all layers, heads fused by their mean. NULL when memory is out. */
double *vx_paths_matrices(const vx_shape *shape, const double *attention, vx_arena *arena, vx_error *error);

/* Rollout (Abnar & Zuidema 2020): every token passes on its weight as M says. The patches of node[0] are the rollout
   map. Of the view shape and readout are looked at. */
bool vx_paths_rollout(const vx_view *view, const double *matrices, vx_arena *arena, vx_paths *paths, vx_error *error);

/* Attention flow (the same paper): for every token of level 0 a maximum flow from the token that is read at the top
   through capacities M; the flows added up and divided by the sum of their values. The patches of node[0] are the
   attention-flow map. Fails where the head reads several tokens. */
bool vx_paths_flow(const vx_view *view, const double *matrices, vx_arena *arena, vx_paths *paths, vx_error *error);

/* The way that carries most weight from the top to `token` of level 0: token_of[L + 1], level 0 first. Returns its
   weight, the product of where it starts and of the shares that each node on it passes to the next; 0 when none leads
   there. Fails without memory: -1. */
double vx_paths_strongest(const vx_paths *paths, int token, int *token_of, vx_error *error);

/* The tokens of the `count` patches of largest weight, summed over levels 0 to L - 1 with those of level 0 counted
   twice, so that both what is looked at and what carries is shown; largest first. Returns how many there are. */
int vx_paths_main_tokens(const vx_paths *paths, int count, int *tokens);

/* The same with all other tokens as one: group 0 is the leading ones, 1 … count the given tokens, count + 1 all others.
   node [L + 1][count + 2], edge [L][count + 2][count + 2] as above. Sums are those of `paths`. */
void vx_paths_group(const vx_paths *paths, const int *tokens, int count, double *node, double *edge);

/* values [L][patches]: the attention to each patch, r A, mean over heads; or [H][patches]: each head of `layer`. */
void vx_attention_by_layer(const vx_view *view, const double *attention, double *values);
void vx_attention_by_head(const vx_view *view, const double *attention, int layer, double *values);

#endif
