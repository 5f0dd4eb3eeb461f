/* A hand-made view: random attention, gradients, relevance and activations of a small shape, and running a method on
   it. */
#ifndef VX_TEST_SCENE_H
#define VX_TEST_SCENE_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "explainers/explainer.h"

enum { L = 4, H = 3, GRID = 3, N = 1 + GRID * GRID, D = 5, P = 4, S = GRID * P };

static const vx_shape shape = {.layers = L,
                               .heads = H,
                               .dim = D,
                               .head_dim = 1,
                               .mlp = 4,
                               .patch = P,
                               .image = S,
                               .grid = GRID,
                               .leading = 1,
                               .tokens = N,
                               .classes = 3};

typedef struct scene {
  double attention[L][H][N][N], gradient[L][H][N][N], scores[L][H][N][N], cut[L][H][N], relevance[L][H][N][N];
  double attention_rows[L][H][N], gradient_rows[L][H][N], score_rows[L][H][N], relevance_rows[L][H][N];
  double input_gradient[3][S][S], tokens[N][D], head[D], read[N];
  double norm[L][N][D], norm_gradient[L][N][D];
  float input[3][S][S], prior[S][S];
  uint8_t picture[S][S][3];
  vx_seen seen[16];
  vx_view view;
} scene;

static inline void fill(double *out, size_t count, uint64_t stream) {
  vx_normals(11, stream, out, count);
}

/* What the head reads: rows = r M of each matrix. */
static inline void take_rows(const double read[N], double from[L][H][N][N], double rows[L][H][N]) {
  for (int m = 0; m < L * H; m++)
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int i = 0; i < N; i++)
        if (read[i] != 0) sum += read[i] * from[m / H][m % H][i][j];
      rows[m / H][m % H][j] = sum;
    }
}

static inline void take_all_rows(scene *s) {
  take_rows(s->read, s->attention, s->attention_rows);
  take_rows(s->read, s->gradient, s->gradient_rows);
  take_rows(s->read, s->scores, s->score_rows);
  take_rows(s->read, s->relevance, s->relevance_rows);
}

static inline void make_scene(scene *s) {
  fill(&s->gradient[0][0][0][0], L * H * N * N, 2);
  fill(&s->relevance[0][0][0][0], L * H * N * N, 3);
  fill(&s->scores[0][0][0][0], L * H * N * N, 4);
  fill(&s->cut[0][0][0], L * H * N, 5);
  fill(&s->input_gradient[0][0][0], 3 * S * S, 6);
  fill(&s->tokens[0][0], N * D, 7);
  fill(&s->norm[0][0][0], L * N * D, 8);
  fill(&s->norm_gradient[0][0][0], L * N * D, 9);
  fill(s->head, D, 10);
  for (int r = 0; r < L * H * N; r++) {
    double *row = &s->attention[0][0][0][0] + r * N, sum = 0;
    for (int j = 0; j < N; j++) sum += row[j] = exp(4 * vx_uniform_at(11, 1, (uint64_t)(r * N + j)));
    for (int j = 0; j < N; j++) row[j] /= sum;
  }
  for (int i = 0; i < 3 * S * S; i++) (&s->input[0][0][0])[i] = (float)vx_uniform_at(11, 12, (uint64_t)i) - 0.5F;
  for (int i = 0; i < 3 * S * S; i++)
    (&s->picture[0][0][0])[i] = (uint8_t)vx_random_bits(vx_random_stream(11, 13), (uint64_t)i);
  for (int i = 0; i < S * S; i++) (&s->prior[0][0])[i] = (float)vx_uniform_at(11, 14, (uint64_t)i);
  memset(s->read, 0, sizeof s->read);
  s->read[0] = 1;
  take_all_rows(s);
  vx_descent value = vx_by(VX_FORWARD), gradient = vx_by(VX_GRADIENT);
  vx_descent improved = vx_by(VX_LRP_IMPROVED), plain = vx_by(VX_LRP_PLAIN);
  const vx_seen seen[] = {{{VX_AT_ATTENTION, value, false, 0, L - 1}, &s->attention[0][0][0][0]},
                          {{VX_AT_ATTENTION, value, true, 0, L - 1}, &s->attention_rows[0][0][0]},
                          {{VX_AT_ATTENTION, gradient, false, 0, L - 1}, &s->gradient[0][0][0][0]},
                          {{VX_AT_ATTENTION, gradient, true, 0, L - 1}, &s->gradient_rows[0][0][0]},
                          {{VX_AT_ATTENTION, vx_by(VX_CUT_GRADIENT), true, 0, L - 1}, &s->cut[0][0][0]},
                          {{VX_AT_SCORES, value, false, 0, L - 1}, &s->scores[0][0][0][0]},
                          {{VX_AT_SCORES, value, true, 0, L - 1}, &s->score_rows[0][0][0]},
                          {{VX_AT_INPUT, gradient, false, 0, 0}, &s->input_gradient[0][0][0]},
                          {{VX_AT_TOKENS, value, false, 0, 0}, &s->tokens[0][0]},
                          {{VX_AT_NORM1, value, false, 0, L - 1}, &s->norm[0][0][0]},
                          {{VX_AT_NORM1, gradient, false, 0, L - 1}, &s->norm_gradient[0][0][0]},
                          {{VX_AT_ATTENTION, improved, false, 0, L - 1}, &s->relevance[0][0][0][0]},
                          {{VX_AT_ATTENTION, improved, true, 0, L - 1}, &s->relevance_rows[0][0][0]},
                          {{VX_AT_ATTENTION, plain, false, 0, L - 1}, &s->relevance[0][0][0][0]},
                          {{VX_AT_ATTENTION, plain, true, 0, L - 1}, &s->relevance_rows[0][0][0]}};
  ck_assert_uint_le(sizeof seen, sizeof s->seen);
  memcpy(s->seen, seen, sizeof seen);
  s->view = (vx_view){.shape = &shape,
                      .input = &s->input[0][0][0],
                      .head_weight = s->head,
                      .read = s->read,
                      .seen = s->seen,
                      .seen_count = sizeof seen / sizeof *seen,
                      .picture = &s->picture[0][0][0],
                      .prior = &s->prior[0][0],
                      .seed = 42,
                      .scratch = vx_arena_new()};
}

/* heat of a method with "name=value" settings (NULL ends them). */
static inline void run(scene *s, const char *id, const char *const *settings, double *heat) {
  const vx_explainer *explainer = vx_explainer_find(id);
  vx_args args;
  vx_error error;
  ck_assert_msg(explainer != NULL, "%s", id);
  vx_args_default(&explainer->params, &args);
  for (; settings && *settings; settings += 2)
    ck_assert_msg(vx_args_set(&explainer->params, explainer->id, &args, settings[0], settings[1], &error), "%s %s",
                  error.where, error.why);
  ck_assert_msg(vx_explainer_run(explainer, &s->view, &args, heat, &error), "%s: %s", error.where, error.why);
}

static inline void same(const double *made, const double *wanted, int count) {
  for (int j = 0; j < count; j++) ck_assert_double_eq_tol(made[j], wanted[j], 1e-12);
}

#endif
