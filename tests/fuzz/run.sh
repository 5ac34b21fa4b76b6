#!/bin/sh
# Builds and runs the fuzz targets for SECONDS each (10 unless told).
#   tests/fuzz/run.sh [SECONDS] [decode|connection]
# New inputs go to build/fuzz/, not to the corpus that is checked in.
set -eu
cd "$(dirname "$0")/../.."

seconds=${1:-10}
targets=${2:-decode connection}
clang=${CLANG:-clang}
out=build/fuzz

if [ "$(uname -s)" != Linux ]; then
  echo "fuzz: skipped, the portable libxpc is for Linux"
  exit 0
fi
if ! command -v "$clang" >/dev/null; then
  echo "fuzz: skipped, no $clang"
  exit 0
fi
mkdir -p "$out"
printf '%s\n' '#include <stddef.h>' \
  'int LLVMFuzzerTestOneInput(const unsigned char *b, size_t n);' \
  'int LLVMFuzzerTestOneInput(const unsigned char *b, size_t n) {' \
  '  return (int)n * 0 + (b == 0) * 0; }' >"$out/probe.c"
if ! "$clang" -fsanitize=fuzzer,address,undefined "$out/probe.c" \
  -o "$out/probe" 2>"$out/probe.log"; then
  echo "fuzz: skipped, $clang has no libFuzzer: $(head -n 1 "$out/probe.log")"
  exit 0
fi

for target in $targets; do
  mkdir -p "$out/$target"
  "$clang" -std=c11 -O1 -g -fno-omit-frame-pointer \
    -Wall -Wextra -Wconversion -Wshadow -Werror -Ixpcrpc/native/include \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
    xpcrpc/native/libxpc/*.c "tests/fuzz/fuzz_$target.c" -pthread \
    -o "$out/fuzz_$target"
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
