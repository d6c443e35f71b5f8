# make demo | test | check-all | build | train | models | format | lint | clean. The work is in scripts/.
.PHONY: build train demo test check-all models format lint clean
.DEFAULT_GOAL := build

# The demo's text (64k: a slice of about 64K tokens; all: the whole Bible) and what its random choices follow from.
TEXT ?= 64k
SEED ?=

build:
	@scripts/install-packages demo
	@scripts/build release

# The trainer as well: `focusllm train` is a program of its own, on libtorch.
train:
	@scripts/install-packages train
	@scripts/build release
	@test -x build/bin/focusllm-train || { echo "make train: the trainer was not built: see the output of cmake -S . -B build" >&2; exit 1; }

demo: build
	@scripts/fetch-model smollm2
	@scripts/demo --text $(TEXT) $(if $(SEED),--seed $(SEED))

models:
	@scripts/fetch-model smollm2 gemma3

test:
	@scripts/test

# What takes longer as well; goes on where it was cut off.
check-all:
	@scripts/check-all

format:
	@scripts/format

lint:
	@scripts/check-includes
	@scripts/format --check
	@scripts/check-scripts
	@scripts/lint

clean:
	rm -rf build build-asan build-check
