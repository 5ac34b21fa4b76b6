#!/bin/sh
# Line coverage of the portable libxpc by its C tests, file by file; fails
# below the number given (90 unless told) with the lines that never ran.
#   tests/native/coverage.sh [PERCENT]
set -eu
cd "$(dirname "$0")/../.."

least=${1:-90}
cc=${CC:-gcc}
gcov=${GCOV:-gcov}
out=$PWD/build/coverage
tests=$PWD/tests/native
native=$PWD/xpcrpc/native

if ! command -v "$gcov" >/dev/null; then
  echo "coverage: skipped, no $gcov"
  exit 0
fi
rm -rf "$out"
mkdir -p "$out"
cd "$out"
for source in "$native"/libxpc/*.c; do
  "$cc" -std=c11 -O0 -g --coverage -I"$native/include" -c "$source"
done
"$cc" -std=c11 -O1 -g --coverage -I"$native/include" -o tests ./*.o \
  "$tests"/*.c -pthread -Wl,-u,__gcov_dump
XPC_VECTORS="$PWD/../../tests/vectors/wire" ./tests >tests.log 2>&1 || {
  grep -B 2 ^FAIL tests.log
  exit 1
}
"$gcov" ./*.o >gcov.log 2>&1
grep -H '#####' ./*.c.gcov | grep "Source\|#####" |
  sed 's/^\.\///; s/\.gcov: *#####: */:/; s/:  */: /' >uncovered.txt || true
awk -v least="$least" '
  /^File .*libxpc\// { split($2, path, "/"); file = path[length(path)]; sub(/\x27$/, "", file); next }
  /^File/ { file = "" }
  /^Lines executed/ && file != "" {
    split($2, share, /[:%]/); lines = $4; ran = int(share[2] * lines / 100 + 0.5)
    printf "%6.1f %% of %4d  %s\n", share[2], lines, file
    all += lines; covered += ran; file = ""
  }
  END {
    printf "%6.1f %% of %4d lines in all\n", 100 * covered / all, all
    exit 100 * covered / all < least
  }' gcov.log || {
  cat uncovered.txt
  echo "coverage: below $least %"
  exit 1
}
