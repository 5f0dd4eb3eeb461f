# What get-voc2012 and get-vit-base share: source it, do not run it.

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

need_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool is not installed (see scripts/packages)"
  done
}

size_of() { # bytes of a file, 0 where there is none
  if [[ -f $1 ]]; then stat -c %s "$1"; else echo 0; fi
}

need_space() { # folder, bytes still needed there
  local free
  free=$(( $(df -Pk "$1" | awk 'NR == 2 {print $4}') * 1024 ))
  (( free >= $2 )) || die "$1 has $(( free / 1000000 )) MB left, $(( $2 / 1000000 )) MB are needed: make room or name another folder"
}

# download URL FILE: FILE.part grows to the whole; what is there already is not asked for again. A connection that
# breaks off is taken up where it broke, as long as each try brings something.
download() {
  local url=$1 part=$2.part before status progress=(-sS)
  [[ -t 2 ]] && progress=(--progress-bar)
  while :; do
    before=$(size_of "$part")
    status=0
    curl -fL "${progress[@]}" --connect-timeout 30 --speed-limit 1 --speed-time 120 -C - -o "$part" "$url" || status=$?
    case $status in
      0) return 0 ;;
      33) # the server cannot resume: from the beginning
        (( before > 0 )) || die "$url: curl ended with status $status"
        rm -f "$part" ;;
      18 | 28 | 52 | 56 | 92) # broken off
        (( $(size_of "$part") > before )) ||
          die "$url: the connection broke off (curl status $status) at $before bytes; run again to go on from there" ;;
      *) die "$url: curl ended with status $status; what is there is kept, run again to go on" ;;
    esac
  done
}
