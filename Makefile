# Each target sets up what it needs. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
NATIVE := $(wildcard xpcrpc/native/*/*.[ch] xpcrpc/native/include/*/*.h) \
          xpcrpc/native/build.py setup.py pyproject.toml

.PHONY: demo test explore endurance generate lint types generated sanitize macos bench fuzz clean

demo: $(VENV)/.ready        ## contract -> generated code -> real processes talking
	$(BIN)/python -m examples.demo

test: $(VENV)/.ready        ## every test
	$(BIN)/python -m pytest -q -rs

explore: $(VENV)/.ready     ## every property, with examples that nobody has tried yet
	XPCRPC_EXPLORE=1 $(BIN)/python -m pytest -q

generate: $(VENV)/.ready    ## write generated/ anew from schemas/
	$(BIN)/xpcrpc gen schemas --out generated
	$(BIN)/xpcrpc gen schemas/standard --out xpcrpc

generated: $(VENV)/.ready   ## fail if generated/ is not what schemas/ say
	$(BIN)/xpcrpc gen schemas --out generated --check
	$(BIN)/xpcrpc gen schemas/standard --out xpcrpc --check

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready
	$(BIN)/mypy

endurance: $(VENV)/.ready   ## streams of ten million items, five hundred kills; minutes
	XPCRPC_ENDURANCE=full $(BIN)/python -m pytest -q --timeout=1500 tests/endurance

sanitize: $(VENV)/.ready    ## the native parts under ASan and UBSan, those with threads under TSan
	$(BIN)/python -m pytest -q tests/native/test_libxpc.py -k "sanitized or race or harm"
	tools/sanitize.sh

macos: $(VENV)/.ready       ## cross-compile against Apple's headers, if ziglang can be had
	$(BIN)/python -m pip install --quiet abi3audit delocate lief ziglang || \
	  echo "macos: the packages to cross-compile with could not be installed"
	$(BIN)/python tools/macos/crossbuild.py

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/roundtrip.py
	$(BIN)/python benchmarks/codec.py
	$(BIN)/python benchmarks/streams.py
	$(BIN)/python benchmarks/codegen.py
	$(BIN)/python benchmarks/large.py
	$(BIN)/python benchmarks/footprint.py

fuzz:                       ## both fuzz targets, five minutes each
	tests/fuzz/run.sh 300

# Debian's python3 may come without venv's parts; virtualenv from pip serves then.
$(VENV)/.ready: $(NATIVE)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); $(PYTHON) -m pip install --user --quiet virtualenv && \
	    $(PYTHON) -m virtualenv --quiet $(VENV); }
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info xpcrpc/*/*.so
