# The packages for Python and JavaScript: built, tested, and tried in real schedulers. Where there is no Python or no Node,
# everything else is built and tested all the same, and what is left out is said.

HAS_PYTHON := $(shell command -v python3)
HAS_NODE := $(if $(shell command -v npm),$(shell command -v node))

PYTHON := target/python
NODE := host/node

# Those with a package for Python, each of which has an environment of its own.
PYTHON_SCHEDULERS := celery dagster airflow
# What jobs run in besides, and a key store for one of them.
SCHEDULER_PACKAGES := cron slurm-wlm munge systemd redis-server

PIP_FLAGS := --quiet --disable-pip-version-check

.PHONY: python python-tests test-python lint-python node test-node lint-node

ifdef HAS_PYTHON
# A wheel with the rules in it.
python: events
	install -C -m 0644 $(EVENTS) host/python/src/dogwrap/
	rm -rf $(PYTHON)/dist
	test -x $(PYTHON)/build/bin/pip || python3 -m venv $(PYTHON)/build
	$(PYTHON)/build/bin/pip wheel $(PIP_FLAGS) --no-deps --wheel-dir $(PYTHON)/dist host/python

# An environment with the package in it, and what host/python/tests/requirements says.
$(PYTHON)/%/installed: python
	test -x $(@D)/bin/python || python3 -m venv $(@D)
	$(@D)/bin/pip install $(PIP_FLAGS) $(PYTHON)/dist/*.whl --requirement host/python/tests/requirements/$*.txt
	$(@D)/bin/pip install $(PIP_FLAGS) --force-reinstall --no-deps $(PYTHON)/dist/*.whl

python-tests: $(PYTHON)/tests/installed

test-python: host python-tests
	DOGWRAP=$(CURDIR)/$(DOGWRAP) $(PYTHON)/tests/bin/python -m pytest -q -rs -p no:cacheprovider \
	    --ignore host/python/tests/schedulers host/python/tests

lint-python: python-tests
	$(PYTHON)/tests/bin/ruff format --no-cache --check host/python
	$(PYTHON)/tests/bin/ruff check --no-cache host/python
	cd host/python && $(CURDIR)/$(PYTHON)/tests/bin/mypy --cache-dir $(CURDIR)/$(PYTHON)/mypy
	$(PYTHON)/tests/bin/ruff format --no-cache --config host/python/pyproject.toml --check bench
	$(PYTHON)/tests/bin/ruff check --no-cache --config host/python/pyproject.toml --extend-ignore S bench
	$(PYTHON)/tests/bin/mypy --strict --cache-dir $(PYTHON)/mypy bench
else
python python-tests test-python lint-python:
	@echo "SKIPPED: no python3, so the package for Python is neither built nor tested"
endif

ifdef HAS_NODE
# Ready for `npm pack` and `npm install`.
node: events $(NODE)/node_modules/.package-lock.json
	cd $(NODE) && npm run --silent rules && npm run --silent types
	cp LICENSE $(NODE)/LICENSE

# By the lock file, but not with `npm ci`: that insists on packages for other platforms, which a registry may not have.
$(NODE)/node_modules/.package-lock.json: $(NODE)/package.json $(NODE)/package-lock.json
	cd $(NODE) && npm install --no-save --silent
	touch $@

test-node: host node
	cd $(NODE) && DOGWRAP=$(CURDIR)/$(DOGWRAP) npm test --silent

lint-node: node
	cd $(NODE) && npm run --silent lint
else
node test-node lint-node:
	@echo "SKIPPED: no npm, so the package for JavaScript is neither built nor tested"
endif

# Real schedulers. What they need is installed, which takes minutes; Debian's packages need root for that.
.PHONY: test-schedulers
test-schedulers: host report stock node $(PYTHON_SCHEDULERS:%=$(PYTHON)/%/installed) $(PYTHON)/examples/installed
	@if command -v apt-get >/dev/null && test "$$(id -u)" = 0; then \
	    dpkg --status $(SCHEDULER_PACKAGES) >/dev/null 2>&1 || \
	        apt-get install --yes --no-install-recommends $(SCHEDULER_PACKAGES); \
	fi
	DOGWRAP=$(CURDIR)/$(DOGWRAP) DOGWRAP_REPORT=$(CURDIR)/$(REPORT) PATH="$(CURDIR)/$(dir $(STOCK)):$$PATH" \
	    $(PYTHON)/examples/bin/python -m unittest discover --verbose --start-directory tests/schedulers --pattern '*_test.py'
	@set -e; for scheduler in $(PYTHON_SCHEDULERS); do \
	    $(PYTHON)/$$scheduler/bin/python -m pytest -q -rs -p no:cacheprovider \
	        host/python/tests/schedulers/test_$$scheduler.py; \
	done
	cd $(NODE) && npm run --silent test-schedulers
