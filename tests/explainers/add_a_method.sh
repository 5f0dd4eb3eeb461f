#!/bin/bash
# docs/add-a-method.md shows the whole change that adds a method. Apply it to a copy of the source, build the method and
# the registry with all warnings, and find the method by its name.
set -eu
command -v patch >/dev/null || { echo "SKIPPED: there is no patch(1)"; exit 77; }
build=$(realpath "${VITX_BUILD:-build/release}")
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r explainers core base "$copy"
sed -n '/^```diff$/,/^```$/p' docs/add-a-method.md | sed '1d;$d' >"$copy/method.diff"
cd "$copy"
patch -p1 --fuzz=0 <method.diff
cat >find.c <<'EOF'
#include "explainers/explainer.h"
#include <stdio.h>
int main(void) {
  const vx_explainer *method = vx_explainer_find("gradient-norm");
  vx_args args;
  if (!method) return 1;
  vx_args_default(&method->params, &args);
  if (!vx_args_set(&method->params, method->id, &args, "norm", "l1", NULL) || args.value[0] != 1) return 1;
  float x[12] = {0};
  double gradient[12] = {3, 0, 0, -1, 4, 0, 0, 2, 0, 0, 0, 2}, heat[4];
  vx_shape shape = {.image = 2, .grid = 1};
  vx_seen seen = {{VX_AT_INPUT, vx_by(VX_GRADIENT), false, 0, 0}, gradient};
  vx_view view = {.shape = &shape, .input = x, .seen = &seen, .seen_count = 1, .scratch = vx_arena_new()};
  for (int norm = 0; norm < 2; norm++) {
    args.value[0] = norm;
    if (!vx_explainer_run(method, &view, &args, heat, NULL)) return 1;
    printf("%g %g %g %g\n", heat[0], heat[1], heat[2], heat[3]);
  }
  vx_arena_free(view.scratch);
  return 0;
}
EOF
cc=${CC:-cc}
warnings="-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror"
for source in explainers/gradient_norm.c explainers/registry.c find.c; do
  $cc -std=gnu11 -D_GNU_SOURCE -O1 -I. $warnings -c "$source" -o "$(basename "$source" .c).o"
done
sanitize=$(sed -n 's/^VITX_SANITIZE:[A-Z]*=//p' "$build/CMakeCache.txt")
$cc ${sanitize:+-fsanitize=$sanitize} find.o registry.o gradient_norm.o "$build/libvitx_explainers.a" \
  "$build/libvitx_metrics.a" "$build/libvitx_core.a" "$build/libvitx_base.a" -lopenblas -ljansson -lxml2 -lpthread -lm -o find
found=$(./find)
[ "$found" = $'5 0 0 3\n7 0 0 5' ] || { echo "the method gave: $found"; exit 1; }
echo "the diff applies, builds and runs"
