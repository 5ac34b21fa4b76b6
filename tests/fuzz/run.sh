#!/bin/sh
# Builds and runs the fuzz targets for SECONDS each (10 unless told).
#   tests/fuzz/run.sh [SECONDS] [decode|connection]
# New inputs go to build/fuzz/, not to the corpus that is checked in. Without
# libFuzzer the corpus is played again, which a C compiler with the address
# sanitizer can do.
set -eu
cd "$(dirname "$0")/../.."

seconds=${1:-10}
targets=${2:-decode connection}
clang=${CLANG:-clang}
out=build/fuzz
warnings="-Wall -Wextra -Wconversion -Wshadow -Werror"

if [ "$(uname -s)" != Linux ]; then
  echo "fuzz: skipped, the portable libxpc is for Linux"
  exit 0
fi
mkdir -p "$out"

# compile COMPILER SANITIZERS: the library's objects, into $out.
compile() {
  for source in xpcrpc/native/libxpc/*.c; do
    "$1" -std=c11 -O1 -g -fno-omit-frame-pointer $warnings \
      -Ixpcrpc/native/include $2 -c "$source" \
      -o "$out/$(basename "$source" .c).o"
  done
}

# link COMPILER SANITIZERS TARGET [MORE]: the target's program.
link() {
  "$1" -std=c11 -O1 -g -fno-omit-frame-pointer $warnings \
    -Ixpcrpc/native/include $2 "$out"/*.o "tests/fuzz/fuzz_$3.c" ${4:-} \
    -pthread -o "$out/fuzz_$3" 2>"$out/link.log" || {
    cat "$out/link.log"
    exit 1
  }
}

replay() {
  echo "fuzz: no libFuzzer ($1): the corpus is played again instead"
  sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
  compile "${CC:-cc}" "$sanitizers"
  for target in $targets; do
    link "${CC:-cc}" "$sanitizers" "$target" tests/fuzz/replay.c
    "$out/fuzz_$target" "tests/fuzz/corpus/$target"/* >"$out/$target.log" 2>&1 || {
      tail -n 60 "$out/$target.log"
      exit 1
    }
    echo "fuzz: $target, $(grep -c '^ok ' "$out/$target.log") inputs, nothing found"
  done
  exit 0
}

rm -f "$out"/*.o
if ! command -v "$clang" >/dev/null; then
  replay "no $clang"
fi
printf '%s\n' '#include <stddef.h>' \
  'int LLVMFuzzerTestOneInput(const unsigned char *b, size_t n);' \
  'int LLVMFuzzerTestOneInput(const unsigned char *b, size_t n) {' \
  '  return (int)n * 0 + (b == 0) * 0; }' >"$out/probe.c"
if ! "$clang" -fsanitize=fuzzer,address,undefined "$out/probe.c" \
  -o "$out/probe" 2>"$out/probe.log"; then
  replay "$(head -n 1 "$out/probe.log")"
fi

sanitizers="address,undefined -fno-sanitize-recover=undefined"
compile "$clang" "-fsanitize=fuzzer-no-link,$sanitizers"
for target in $targets; do
  mkdir -p "$out/$target"
  link "$clang" "-fsanitize=fuzzer,$sanitizers" "$target"
  echo "fuzz: $target, $seconds s"
  status=0
  "$out/fuzz_$target" -max_total_time="$seconds" -timeout=20 \
    -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
    -artifact_prefix="$out/" "$out/$target" "tests/fuzz/corpus/$target" \
    >"$out/$target.log" 2>&1 || status=$?
  grep -E '^stat::number_of_executed_units|^SUMMARY|cov:.*DONE' \
    "$out/$target.log" || true
  if [ "$status" -ne 0 ]; then
    tail -n 60 "$out/$target.log"
    echo "fuzz: $target found something; the input is in $out"
    exit 1
  fi
done
