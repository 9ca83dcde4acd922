# Two commands on a fresh machine: `make demo` and `make test`. They need Python 3.11 or newer with
# its venv module, git and make; everything else comes with them, into .venv and build/.
#
#   make demo ARGS="--no-serve --vehicles 200"    make test ARGS="--only types"    make demo PYTHON=python3.12

PYTHON ?= python3
UV_VERSION := 0.13.9
ARGS ?=

BIN := .venv/bin
READY := .venv/.ready
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

.PHONY: setup demo test lint docs messages bench bench-large

setup: $(READY)

demo: $(READY)
	$(BIN)/suyuan demo $(ARGS)

test: $(READY)
	$(BIN)/python -m scripts.test $(ARGS)

lint: $(READY)
	$(BIN)/python -m scripts.test --only style types house $(ARGS)

docs: $(READY)
	$(BIN)/python -m scripts.test --only docs $(ARGS)

messages: $(READY)
	$(BIN)/python -m scripts.compile_messages

bench: $(READY)
	$(BIN)/python benchmarks/run.py $(ARGS)

bench-large: $(READY)
	$(BIN)/python benchmarks/run.py --large $(ARGS)

$(READY): uv.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv sync --frozen --extra server
	@touch $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Suyuan needs Python 3.11 or newer: choose one with make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "The venv module of $(PYTHON) is missing (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
