#!/usr/bin/env bash
# scripts/get-voc2012 and scripts/get-vit-base against a server on the loopback address: whole, truncated and broken
# downloads, resuming, and what they say.
set -euo pipefail
python=/usr/bin/python3
for tool in "$python" curl md5sum; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
work=$(mktemp -d)
server=
trap '[[ $server ]] && kill "$server"; rm -rf "$work"' EXIT
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export no_proxy=127.0.0.1

fail() { echo "FAILED (line ${BASH_LINENO[0]}): $*"; cat "$work/said"; exit 1; }
says() { grep -q -- "$1" "$work/said" || fail "does not say '$1'"; }
run() { # expected status, command…
  local expected=$1 status=0
  shift
  : > "$work/log"
  "$@" > "$work/said" 2>&1 || status=$?
  [[ $status == "$expected" ]] || fail "$*: status $status, expected $expected"
}

# A data set and weights in miniature.
voc=$work/make/VOCdevkit/VOC2012
mkdir -p "$voc"/{JPEGImages,ImageSets/Segmentation} "$work/serve"
head -c 200000 /dev/urandom > "$voc/JPEGImages/2007_000033.jpg"
head -c 100000 /dev/urandom > "$voc/JPEGImages/2007_000042.jpg"
printf '2007_000033\n2007_000042\n' > "$voc/ImageSets/Segmentation/val.txt"
tar=VOCtrainval_11-May-2012.tar
tar -cf "$work/serve/$tar" -C "$work/make" VOCdevkit
header='{"a":{"dtype":"F32","shape":[25000],"data_offsets":[0,100000]},"b":{"dtype":"U8","shape":[7],"data_offsets":[100000,100007]}}'
{
  printf "\\x$(printf %02x ${#header})\\0\\0\\0\\0\\0\\0\\0"
  printf %s "$header"
  head -c 100007 /dev/urandom
} > "$work/serve/model.safetensors"
echo '{"model_type": "vit"}' > "$work/serve/config.json"
echo '{"size": 224}' > "$work/serve/preprocessor_config.json"
export VITX_VOC2012_BYTES=$(stat -c %s "$work/serve/$tar") VITX_VIT_BASE_BYTES=100200
VITX_VOC2012_MD5=$(md5sum < "$work/serve/$tar" | cut -d ' ' -f 1)
export VITX_VOC2012_MD5

"$python" tests/tools/range_server.py "$work/serve" "$work/port" "$work/log" &
server=$!
for _ in $(seq 100); do [[ -f $work/port ]] && break; sleep 0.1; done
at=http://127.0.0.1:$(cat "$work/port")

get_voc() { VITX_VOC2012_URL=$at/$1 scripts/get-voc2012 "${@:2}"; }
same_voc() { diff -r "$voc" "$1/VOCdevkit/VOC2012" >> "$work/said" || fail "$1 is not what was served"; }

# whole
run 0 get_voc good "$work/a"
same_voc "$work/a"
says "as published"
says "2 pictures, 2 in the segmentation val list"
[[ ! -e $work/a/$tar && ! -e $work/a/$tar.part ]] || fail "the archive was left behind"
run 0 get_voc good "$work/a"
says "there already"
[[ ! -s $work/log ]] || fail "asked the server for what is there"
run 0 get_voc good --keep "$work/kept"
cmp "$work/serve/$tar" "$work/kept/$tar" || fail "the kept archive differs"

# truncated: the connection breaks half-way and is taken up again
run 0 get_voc halved "$work/b"
same_voc "$work/b"
half=$(( VITX_VOC2012_BYTES / 2 ))
grep -q "bytes=$half-" "$work/log" || fail "did not resume at $half"

# an earlier run was killed
mkdir "$work/c"
head -c 70000 "$work/serve/$tar" > "$work/c/$tar.part"
run 0 get_voc good "$work/c"
same_voc "$work/c"
[[ $(cat "$work/log") == "GET /good/$tar bytes=70000-" ]] || fail "did not resume at 70000"
mkdir "$work/d" # killed after the last byte
cp "$work/serve/$tar" "$work/d/$tar.part"
run 0 get_voc good "$work/d"
same_voc "$work/d"
[[ ! -s $work/log ]] || fail "asked the server for what is there"
mkdir "$work/e" # a server that cannot resume
head -c 70000 "$work/serve/$tar" > "$work/e/$tar.part"
run 0 get_voc whole "$work/e"
same_voc "$work/e"

# broken
run 1 get_voc broken "$work/f"
says "expected $VITX_VOC2012_MD5"
[[ ! -e $work/f/VOCdevkit && ! -e $work/f/$tar && ! -e $work/f/$tar.part ]] || fail "a broken archive was left behind"
run 0 get_voc good "$work/f"
same_voc "$work/f"
mkdir "$work/g" # what was there before is broken: found at the end, fetched anew the next time
head -c 70000 /dev/zero > "$work/g/$tar.part"
run 1 get_voc good "$work/g"
run 0 get_voc good "$work/g"
same_voc "$work/g"

# nothing there, no room, no use
run 1 get_voc good/nowhere "$work/h"
says "curl ended with status 22"
VITX_VOC2012_BYTES=1000000000000000 run 1 get_voc good "$work/i"
says "MB are needed"
run 0 scripts/get-voc2012 --help
says "VITX_VOC2012_URL"
run 2 scripts/get-voc2012 --frobnicate

get_vit() { VITX_VIT_BASE_URL=$at/$1 scripts/get-vit-base "${@:2}"; }
same_vit() {
  for file in config.json preprocessor_config.json model.safetensors; do
    cmp "$work/serve/$file" "$1/$file" || fail "$1/$file is not what was served"
  done
  (cd "$1" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS does not hold"
}
digest=$(sha256sum < "$work/serve/model.safetensors" | cut -d ' ' -f 1)
run 0 get_vit good "$work/m"
same_vit "$work/m"
says "$digest"
says "compared with"
run 0 get_vit good "$work/m"
says "there already"
printf x >> "$work/m/model.safetensors"
run 1 get_vit good "$work/m"
says "differ from SHA256SUMS"
rm "$work/m/model.safetensors" # fetched anew, it must be what it was
run 0 get_vit good "$work/m"
same_vit "$work/m"
run 0 get_vit halved "$work/n"
same_vit "$work/n"
grep -q "bytes=" "$work/log" || fail "did not resume"
run 1 get_vit unsaid "$work/o" # ends early without saying so: the header knows
says "truncated"
run 0 get_vit good "$work/o"
same_vit "$work/o"
run 1 get_vit cut "$work/p"
says "no JSON"
run 1 get_vit broken "$work/p"
says "expected $digest"
run 0 get_vit good "$work/p"
same_vit "$work/p"
VITX_VIT_BASE_SHA256=00 run 1 get_vit whole "$work/q"
says "expected 00"
run 0 scripts/get-vit-base --help
run 2 scripts/get-vit-base -x
echo "get-voc2012 and get-vit-base: all tried"
