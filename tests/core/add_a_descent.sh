#!/bin/bash
# docs/core.md shows the whole change that adds a descent. Apply it to a copy of core, build the engines in all three
# precisions with all warnings, and compare the descent with the gradient where both are the same by construction.
set -eu
command -v patch >/dev/null || { echo "SKIPPED: there is no patch(1)"; exit 77; }
build=$(realpath "${VITX_BUILD:-build/release}")
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r core base explainers "$copy"
sed -n '/^```patch$/,/^```$/p' docs/add-a-method.md | sed '1d;$d' >"$copy/method.diff"
sed -n '/^```diff$/,/^```$/p' docs/core.md | sed '1d;$d' >"$copy/descent.diff"
cd "$copy"
patch -p1 --fuzz=0 <descent.diff
patch -p1 --fuzz=0 <method.diff
cat >find.c <<'EOF'
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/model.h"
#include "explainers/explainer.h"

/* In a model whose last MLP is silent, the direct gradient at the last block is the gradient. */
int main(void) {
  vx_shape shape = {.layers = 3, .heads = 2, .dim = 8, .mlp = 6, .patch = 2, .image = 6, .classes = 3, .epsilon = 1e-6};
  vx_model *model = vx_model_random(&shape, 1, NULL);
  const vx_linear *silent = &model->block[2].fc2;
  memset((float *)silent->weight, 0, 48 * sizeof(float));
  memset((float *)silent->transposed, 0, 48 * sizeof(float));
  const vx_explainer *method = vx_explainer_find("direct-attention");
  vx_args args = {0};
  vx_needs needs = {0};
  if (!method) return puts("the method is not in the registry"), 1;
  method->needs(vx_model_shape(model), &args, &needs);
  vx_want_layers(&needs.wants, VX_AT_ATTENTION, vx_by(VX_DIRECT_GRADIENT), 0, 2);
  vx_want_layers(&needs.wants, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 2, 2);
  float x[108];
  for (int i = 0; i < 108; i++) x[i] = sinf((float)i);
  for (vx_precision precision = VX_SINGLE; precision <= VX_DOUBLE; precision++) {
    vx_error error = {0};
    vx_worker *worker = vx_worker_new(model, &needs, precision, &error);
    if (!worker || !vx_worker_forward(worker, x, &error)) return puts(error.why), 1;
    const vx_view *view = vx_worker_explain(worker, 1, VX_LOGIT, &error);
    if (!view) return puts(error.why), 1;
    const double *a = vx_at(view, VX_AT_ATTENTION, vx_by(VX_DIRECT_GRADIENT), 2);
    const double *b = vx_at(view, VX_AT_ATTENTION, vx_by(VX_GRADIENT), 2), *lower = a - 2 * 200;
    double off = 0, most = 0, below = 0;
    for (int i = 0; i < 200; i++) {
      off = fmax(off, fabs(a[i] - b[i]));
      most = fmax(most, fabs(b[i]));
      below = fmax(below, fabs(lower[i]));
    }
    if (!(off <= (precision == VX_DOUBLE ? 1e-14 : 1e-6) * most) || !(most > 0) || !(below > 0))
      return printf("precision %d: off by %g of %g\n", precision, off, most), 1;
    /* The method against its formula, from whole matrices. */
    double heat[9], wanted[9] = {0};
    if (!vx_explainer_run(method, view, &args, heat, &error)) return puts(error.why), 1;
    for (int l = 0; l < 3; l++)
      for (int h = 0; h < 2; h++)
        for (int j = 0; j < 9; j++) {
          double d = vx_at(view, VX_AT_ATTENTION, vx_by(VX_DIRECT_GRADIENT), l)[h * 100 + 1 + j];
          wanted[j] += d < 0 ? 0 : vx_rows_at(view, VX_AT_ATTENTION, vx_by(VX_FORWARD), l)[h * 10 + 1 + j] * d;
        }
    for (int j = 0; j < 9; j++)
      if (fabs(heat[j] - wanted[j]) > 1e-12 * (1 + fabs(wanted[j]))) return printf("patch %d: %g, %g\n", j, heat[j], wanted[j]), 1;
    vx_worker_free(worker);
  }
  vx_model_close(model);
  return 0;
}
EOF
cc=${CC:-cc}
flags="-std=gnu11 -D_GNU_SOURCE -O1 -ffp-contract=off -fno-math-errno -fno-trapping-math -DVX_NO_CLONES -I."
flags="$flags -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror"
sanitize=$(sed -n 's/^VITX_SANITIZE:[A-Z]*=//p' "$build/CMakeCache.txt")
flags="$flags ${sanitize:+-fsanitize=$sanitize} $(pkg-config --cflags openblas jansson)"
real="core/layers/*.c core/descents/*.c core/trace.c core/forward.c core/backward.c core/descend.c core/engine.c"
i=0
for precision in "" "-DVX_REAL_DOUBLE" "-DVX_REAL_DOUBLE -DVX_LIN_SINGLE"; do
  for source in $real; do $cc $flags $precision -c "$source" -o "$((i += 1)).o"; done
done
for source in core/needs.c core/view.c core/worker.c explainers/registry.c explainers/direct_attention.c find.c; do $cc $flags -c "$source" -o "$((i += 1)).o"; done
$cc ${sanitize:+-fsanitize=$sanitize} ./*.o "$build/libvitx_explainers.a" "$build/libvitx_metrics.a" "$build/libvitx_statistics.a" "$build/libvitx_core.a" "$build/libvitx_base.a" \
  $(pkg-config --libs openblas jansson) -lxml2 -lpthread -lm -o find
./find
echo "the diff applies, builds and carries the gradient"
