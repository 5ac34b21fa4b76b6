#!/bin/sh
# The native parts under AddressSanitizer and UndefinedBehaviorSanitizer: the
# Python tests that drive the extensions, in a build of their own. (The C tests build
# themselves with sanitizers, as part of every test run.)
set -eu
cd "$(dirname "$0")/.."

venv=.venv
here=build/sanitized
asan=$(${CC:-cc} -print-file-name=libasan.so)
ubsan=$(${CC:-cc} -print-file-name=libubsan.so)
if [ ! -e "$asan" ]; then
  echo "sanitize: skipped, ${CC:-cc} has no libasan (install the compiler's sanitizer runtime)"
  exit 0
fi

rm -rf "$here"
mkdir -p "$here"
# Objects of its own: those of another build would be taken for up to date, or left for it.
printf '[build]\nbuild_base = %s/objects\n' "$here" >"$here/dist.cfg"
DIST_EXTRA_CONFIG="$PWD/$here/dist.cfg" XPCRPC_SANITIZE=address,undefined \
  "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --target "$here" .
for extension in "$here"/xpcrpc/*/_*.so; do
  grep -q __asan_init "$extension" || { echo "sanitize: $extension is not sanitized"; exit 1; }
done

# Leaks are looked for by the C tests; CPython itself never frees all it has.
# The extensions must come from the sanitized build: run away from the checkout.
cp -r tests tools generated schemas pyproject.toml "$here/"
cd "$here"
LD_PRELOAD="$asan $ubsan" ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 \
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 PYTHONPATH="$PWD" PYTHONMALLOC=malloc \
XPCRPC_TESTS_SANITIZED=1 \
  ../../$venv/bin/python -m pytest -q -p no:cacheprovider \
  tests/conformance tests/raw tests/runtime tests/streams tests/codec/test_p*.py tests/codec/test_template.py "$@"
