# make run: set up and start the program (XVFB=1: on a virtual screen).
# make test: set up, lint, type-check and run all tests.

PYTHON ?= python3
BIN = .venv/bin
# What Qt loads, first to draw at all, then to open a window on X11.
QT = libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 \
     libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0
SCREEN = xvfb xauth
SOURCES = setup.py $(wildcard gdviz_core/*.pyx gdviz_core/*.pxd) \
    $(addprefix gdviz_core/,kernels.h kernels.inc vmath.h baseline.h avx2.h avx512.h) \
    $(addprefix gdviz_core/,emit.py operation.py program.py graph.py derivative.py expression.py \
    rule.py surface.py surfaces.py optimizer.py optimizers.py bodies.py)

COUNT ?= 100000
SEED ?= 0

.PHONY: run test build lint types tests benchmark peers sanitize pictures scenes bundle dist clean system system-screen

run: $(if $(XVFB),system-screen,system) build
	$(if $(XVFB),exec xvfb-run -a -s "-screen 0 1600x1000x24") $(BIN)/gdviz

test: system-screen build lint types tests

build: .venv/.built

system:
	@PYTHON="$(PYTHON)" ./debian.sh $(QT)

system-screen:
	@PYTHON="$(PYTHON)" ./debian.sh $(QT) $(SCREEN)

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet "setuptools>=77" "cython>=3.1"
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable . --group dev
	@touch $@

.venv/.built: .venv/.installed $(SOURCES)
	$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

tests:
	$(BIN)/python -m pytest

benchmark: system build
	$(BIN)/python -m benchmarks

# the core beside other libraries, those that are installed
peers: build
	$(BIN)/python -m benchmarks.peers --markdown docs/performance.md

# the fuzzer in a build with bounds checks, AddressSanitizer and UBSan
sanitize: build
	rm -rf build/sanitize
	mkdir -p build/sanitize/tests
	cp -r setup.py pyproject.toml README.md LICENSE gdviz_core build/sanitize
	cp tests/__init__.py tests/fuzz.py build/sanitize/tests
	rm -f build/sanitize/gdviz_core/*.so build/sanitize/gdviz_core/*.c
	sed -i 's/boundscheck=False/boundscheck=True/; s/initializedcheck=False/initializedcheck=True/' \
	    build/sanitize/gdviz_core/*.pyx
	cd build/sanitize && GDVIZ_SANITIZE=1 ../../$(BIN)/python setup.py --quiet build_ext --inplace
	cd build/sanitize && ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc \
	    LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)" \
	    ../../$(BIN)/python -m tests.fuzz --count $(COUNT) --seed $(SEED)

pictures: system build
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m docs.pictures

# the pictures of the shipped scenes, for the gallery
scenes: system build
	$(BIN)/python -m docs.scenes

# one folder with everything in it, for machines without Python
bundle: system build
	$(BIN)/python -m pip install --quiet --group bundle
	$(BIN)/pyinstaller --noconfirm --clean --log-level WARN gdviz.spec
	env -i HOME="$$HOME" dist/gdviz/gdviz --self-check

dist: build
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build

clean:
	rm -rf .venv build dist *.egg-info gdviz_core/*.so \
	    $(addprefix gdviz_core/,*.c instructions.h emitted.h emitted.inc)
