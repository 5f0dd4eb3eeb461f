# What demo and test share: source it, do not run it. Installs what is missing, configures, builds.

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

missing_packages() { # the names of scripts/packages that are not installed
  local name
  while read -r name; do
    case $name in '' | '#'*) continue ;; esac
    dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || printf '%s ' "$name"
  done <scripts/packages
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    say "No apt-get here: expecting what scripts/packages lists to be installed."
    return
  fi
  local missing
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  say "Installing from the distribution: $missing"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    die "these packages are missing and there is neither root nor sudo: $missing"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
    say "apt-get update failed; trying with the lists that are there."
  # shellcheck disable=SC2086 # one word a package
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    die "apt-get could not install: $missing"
}

build() { # preset [target]
  local log=build/$1.log
  mkdir -p build
  say "Building (preset $1, log in $log)."
  { cmake --preset "$1" && cmake --build --preset "$1" -j "$(nproc)" ${2:+--target "$2"}; } >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "the build failed; the whole log is $log"
  }
}
