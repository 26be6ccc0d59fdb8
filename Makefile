# Everything a person or a CI does here. Needs Python 3.11 or newer and make; each target does its own set-up.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:

PYTHON ?= python3
BIN := .venv/bin
BUF := .venv-proto/bin/buf
PIP := -m pip --disable-pip-version-check --no-input install --quiet
CODE := src tests bench tools clients

.PHONY: help install dev run demo test simulate soak check lint fmt types imports proto proto-check proto-image shell bench phase pictures goldens clients web web-check web-test clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed  ## set up .venv with what the service needs

dev: .venv/installed-dev  ## set up .venv with what tests and checks need as well

run: install  ## serve until Ctrl-C: a page at http://127.0.0.1:8080/, gRPC at 127.0.0.1:50051
	@$(BIN)/tth serve --web

demo: $(if $(EMULATE),dev,install)  ## a recorded conversation: out/demo.mp4 and more; PROFILE=api_only_mac EMULATE=1 without a key
	@$(BIN)/tth demo $(if $(PROFILE),--profile $(PROFILE)) $(if $(EMULATE),--emulate)

test: dev  ## the whole Python test suite
	@$(BIN)/python -m pytest -q

simulate: dev  ## ten thousand conversations by chance, on virtual time; COUNT=n SEED=n for others
	@$(BIN)/python -m tth.testing.simulator --count $(or $(COUNT),10000) --seed $(or $(SEED),1) --processes 2

pictures: demo  ## the pictures of README and docs, drawn anew: docs/pictures/*.png
	@mkdir -p docs/pictures
	@cp out/contact.png docs/pictures/contact.png
	@$(BIN)/tth face sheet --what looks --size 256 -o docs/pictures
	@for what in emotions visemes poses backgrounds; do \
	  $(BIN)/tth face sheet anna --what $$what --size 224 -o out/face && mv out/face/$$what-anna.png docs/pictures/$$what.png; done
	@$(BIN)/tth face trace --emotion happy --intensity 0.6 -o docs/pictures/trace.png
	@ls -l docs/pictures | awk 'NR > 1 { printf "%s %d KiB\n", $$9, $$5 / 1024; if ($$5 > 716800) exit 1 }'

goldens: dev  ## accept how everybody is drawn now: tests/face/golden/*.png
	@$(BIN)/python -m tests.face.measured.golden

check: lint types proto-check imports  ## format, lint, types, contract, import rules

lint: dev  ## format and lint, changing nothing
	@echo "format and lint"
	@$(BIN)/ruff format --check --quiet $(CODE)
	@$(BIN)/ruff check --quiet $(CODE)

fmt: dev .venv-proto/ready  ## format the code and the contract, repair what can be repaired
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)
	@$(BUF) format -w

types: dev  ## strict types
	@echo "types"
	@$(BIN)/mypy

imports: dev  ## who may import whom
	@echo "import rules"
	@$(BIN)/python -m pytest -q tests/test_imports.py

proto: .venv-proto/ready  ## write the Python code of the contract into src/tth/v1, the tables of docs/protocol.md, openapi.json
	@tools/generate_proto.sh

proto-check: .venv-proto/ready  ## contract: lint, format, compatible with proto/tth.binpb, code is fresh
	@echo "contract: lint, format, compatibility, freshness"
	@$(BUF) lint
	@$(BUF) format -d --exit-code
	@$(BUF) breaking --against proto/tth.binpb
	@rm -rf build/proto && tools/generate_proto.sh build/proto
	@diff -r -x __pycache__ build/proto/tth/v1 src/tth/v1 || { echo "src/tth/v1 is not fresh: make proto"; exit 1; }
	@.venv-proto/bin/python -m tools.protocol_reference --check
	@PYTHONPATH=src .venv-proto/bin/python -m tools.openapi_document --check

proto-image: .venv-proto/ready  ## accept the contract as it is now: what later changes must not break
	@$(BUF) build -o proto/tth.binpb

clients: dev .venv-proto/ready  ## build the clients of all languages and judge them against a live server; LANGS="go rust" some
	@GRPC_VERBOSITY=NONE PYTHONPATH=. $(BIN)/python -m clients.conformance $(LANGS)

shell: dev .venv-proto/ready .tools/ready  ## run every command of docs/shell.md, with the real grpcurl, buf, ghz and grpc_health_probe
	@PATH="$$PWD/$(BIN):$$PWD/.tools/bin:$$PWD/.venv-proto/bin:$$PATH" $(BIN)/python -m tools.shell_document

bench: dev  ## measure; the figures of docs/performance.md, recorded in out/bench.json
	@mkdir -p out
	@$(BIN)/python -m bench --json out/bench.json

soak: dev  ## half an hour of talk with a real server, judged and drawn: out/soak.png; MINUTES=n for another time
	@mkdir -p out
	@$(BIN)/python -m bench soak --minutes $(or $(MINUTES),30) --strict --json out/soak.json

phase: dev  ## offline phases one after the other, each with its verdict
	@echo "phase 1: unit"
	@$(BIN)/python -m pytest -q -m unit
	@echo "phase 2: offline, one turn"
	@$(BIN)/tth demo --smoke --output out/phase
	@echo "phase 3: offline, many turns"
	@$(BIN)/tth demo --output out/phase

web: web/node_modules/.installed  ## build the browser page into src/tth/gateway/page, which is committed; needs Node 20
	@npm --prefix web run --silent build

web-check: web/node_modules/.installed  ## the committed page and its contract are what the sources build
	@echo "page: types, freshness"
	@rm -rf build/web && mkdir -p build
	@cd web && npx --no-install buf generate --output ../build/web
	@diff -r build/web/src/contract web/src/contract || { echo "web/src/contract is not fresh: npm --prefix web run proto"; exit 1; }
	@npm --prefix web run --silent build -- --outDir ../build/web/page --logLevel warn
	@diff -rq build/web/page src/tth/gateway/page || { echo "src/tth/gateway/page is not fresh: make web"; exit 1; }

web-test: dev web/node_modules/.installed  ## tests of the page: its rules in Node, the page itself in a real Chromium
	@npm --prefix web run --silent types
	@npm --prefix web run --silent test
	@npm --prefix web run --silent test:browser

clean:  ## remove what was built and written here; the environments stay
	@rm -rf build out .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf clients/*/build clients/*/generated clients/*/target clients/*/node_modules
	@find src tests bench clients -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "TTH needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing TTH into .venv (once; a minute or two)"
	@$(BIN)/python $(PIP) -c constraints.txt -e .
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "installing the tools for tests and checks into .venv (once)"
	@$(BIN)/python $(PIP) -c constraints.txt -e '.[dev]'
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	@command -v npm >/dev/null || { echo "the page's tools need Node 20.19 or newer with npm"; exit 1; }
	@echo "installing the page's tools into web/node_modules (once)"
	@npm --prefix web ci --silent --no-audit --no-fund
	@touch $@

.venv-proto/ready: tools/proto-requirements.txt
	@echo "installing the contract's tools into .venv-proto (once)"
	@test -x .venv-proto/bin/python || $(PYTHON) -m venv .venv-proto
	@.venv-proto/bin/python $(PIP) -r tools/proto-requirements.txt
	@touch $@

.tools/ready: tools/go/go.mod tools/go/go.sum
	@echo "building the tools of docs/shell.md into .tools (once; two to three minutes)"
	@command -v go >/dev/null || { echo "this needs Go 1.26 or newer, to build grpcurl, ghz and grpc_health_probe"; exit 1; }
	@mkdir -p .tools/bin
	@GOBIN="$$PWD/.tools/bin" go -C tools/go install tool
	@ln -sf grpc-health-probe .tools/bin/grpc_health_probe  # as its releases are named
	@touch $@
