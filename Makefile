# Makefile -- The commands people type; meson does the building.
#
# Each target first installs what is missing (tools/setup.sh): a fresh Debian or Ubuntu needs no
# more than git and make.

BUILD   ?= build
ARGS    ?=
PREFIX  ?= /usr/local
DESTDIR ?=
REPEAT  ?= 200

export BUILD
.PHONY: help run build test bench soak install clean

help:
	@echo "make run      build and run the default scenario; ARGS=\"SCRIPT --limit=64M\" for others"
	@echo "make test     build, then run every test; the last line says how many passed"
	@echo "make build    leave $(BUILD)/oomlab, which runs from there"
	@echo "make bench    compare with Go, Boehm, malloc, raw C and cgexec"
	@echo "make soak     the default run REPEAT=$(REPEAT) times, kills, trials, programs; also v2"
	@echo "make install  into PREFIX=$(PREFIX) (DESTDIR is honoured)"
	@echo "make clean    remove what was built"
	@echo "Missing packages are installed first, through apt-get (with sudo when not root)."

run: build
	@$(BUILD)/oomlab run $(ARGS)

build:
	@tools/setup.sh run
	@tools/build.sh $(BUILD) -Dtests=false -Db_lto=true

test:
	@tools/setup.sh test
	@tools/test.sh

bench:
	@tools/setup.sh bench
	@tools/build.sh $(BUILD) -Dtests=false -Db_lto=true
	@tests/bench/run.sh $(BUILD)

soak:
	@tools/setup.sh test
	@tools/build.sh $(BUILD) -Dtests=true -Db_lto=true
	@REPEAT=$(REPEAT) tests/vm/soak.sh $(BUILD)

install: build
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@tools/build.sh $(BUILD)
	@DESTDIR="$(abspath $(DESTDIR))" meson install -C $(BUILD) --no-rebuild --quiet

clean:
	@rm -rf $(BUILD) build-asan build-tsan
