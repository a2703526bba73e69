# The commands that people run; `make help` lists them. Plain sh, so that Debian's dash is enough.

HOST ?= 127.0.0.1
PORT ?= 8000
# Processes that share the tests, and what else pytest is told.
PROCESSES ?= 2
OPTIONS ?= --durations=20

VENV := .venv
PYTHON := $(VENV)/bin/python
MANAGE := $(PYTHON) manage.py
# Each process gets whole files, in their order, and computes in one thread: more would fight for the cores.
# It keeps what it compiles, also where containers say otherwise: its servers and the next run load that.
PYTEST = env -u PYTHONDONTWRITEBYTECODE OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PYTHON) -m pytest \
	--numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
# Folders without sentences, or with English ones only.
UNTRANSLATED := $(foreach folder,$(VENV) staticfiles jstests benchmarks ml '*/tests',--ignore $(folder))
# This python starts the tools where it can: a script of .venv/bin breaks when its folder moves.

.PHONY: help run install check test coverage test-postgresql test-image test-newest model messages format lock clean
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/requirements staticfiles/staticfiles.json ## serve the page on http://127.0.0.1:8000 (HOST and PORT change that)
	@exec $(PYTHON) -m digitsite.serve --bind $(if $(findstring :,$(HOST)),[$(HOST:[%]=%)],$(HOST)):$(PORT)

install: $(VENV)/requirements staticfiles/staticfiles.json ## all that serving needs, without serving

check: $(VENV)/requirements-dev ## lint, format, types, security, templates, JavaScript, migrations
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -m bandit --quiet --configfile pyproject.toml --recursive manage.py digitsite ml recognizer
	$(PYTHON) -m djlint templates --lint --check --quiet
	$(VENV)/bin/oxlint --deny-warnings static/js jstests
	$(VENV)/bin/oxfmt --check static/js static/css jstests
	$(VENV)/bin/hadolint Dockerfile
	$(PYTHON) -m check_jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	$(PYTHON) -m kubernetes_validate --quiet --strict docs/operations/kubernetes.yaml
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) check --fail-level WARNING

# Both halves run to their end, whatever the first one says; the last lines are the two summaries.
test: $(VENV)/requirements-dev ## every test, with real browsers and Node
	@chromium=$$(sh .ci/chromium $(PYTHON)) && node=$$(sh .ci/node $(PYTHON)) && \
	nginx=$$(sh .ci/program nginx nginx-light) || exit 1; \
	for program in 'firefox-esr firefox-esr' 'WebKitWebDriver webkit2gtk-driver' 'Xvfb xvfb'; do \
		sh .ci/program $$program >/dev/null || echo '  The tests that need it are skipped.' >&2; \
	done; \
	failed=0; \
	"$$node" --test jstests/*.test.js > $(VENV)/jstests.log 2>&1 || { failed=1; cat $(VENV)/jstests.log; }; \
	CHROMIUM="$$chromium" NGINX="$$nginx" $(PYTEST) $(OPTIONS) || failed=1; \
	tail -n 8 $(VENV)/jstests.log; \
	exit $$failed

# Watching each line takes half as much time again, so that no other target does it.
coverage: OPTIONS := --cov --cov-report=term
coverage: test ## every test, and which lines none of them runs

# What reads, writes, locks or migrates. A parser, a page and the API's description do not know which database there is.
ON_POSTGRESQL := $(addprefix recognizer/tests/,access admin api commands services faults \
	hostile/test_zero_bytes.py deployment/test_metrics.py deployment/test_migrate.py deployment/test_upgrade.py)

test-postgresql: $(VENV)/requirements-dev ## the tests that ask a database, once more with a PostgreSQL of their own
	@sh .ci/postgresql $(PYTEST) $(ON_POSTGRESQL) -m 'database and not browser'

test-image: $(VENV)/requirements-dev ## build the image and run containers of it beside PostgreSQL and S3, without a daemon (as root on Debian)
	@sh .ci/postgresql sh .ci/image $(PYTHON) -m pytest -m image recognizer/tests/deployment/test_image.py

# The other end of the range: .venv has the Python that is at hand, 3.11 on the oldest Debian that is supported.
# Imports, numerics and file formats are what another Python may break; the packages are the same. How well labels are
# checked and photos read, and what hostile input costs, follows from them.
NOT_ON_NEWEST := $(addprefix --ignore=ml/tests/,training/test_label_check.py drawing/test_photos.py drawing/test_bombs.py \
	labeled/test_mutated_files.py test_robustness.py test_notebook.py)

test-newest: $(VENV)/requirements-dev ## most tests of ml/ and the start of the site with Debian testing's Python (as root on Debian)
	@sh .ci/newest $(PYTHON) -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder \
		ml/tests $(NOT_ON_NEWEST) recognizer/tests/deployment/test_serve.py

model: $(VENV)/requirements ## train the bundled model: fixtures/model.joblib and its manifest (minutes)
	$(MANAGE) build_model

messages: $(VENV)/requirements ## collect sentences for recognizer/locale, and compile the translations (needs GNU gettext)
	$(MANAGE) makemessages --all --no-wrap --no-obsolete --add-location file $(UNTRANSLATED)
	$(MANAGE) makemessages --all --no-wrap --no-obsolete --add-location file $(UNTRANSLATED) --domain djangojs
	$(MANAGE) compilemessages --ignore $(VENV)

format: $(VENV)/requirements-dev ## put every file into the form that `make check` asks for
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format
	$(PYTHON) -m djlint templates --reformat --quiet || true
	$(VENV)/bin/oxfmt static/js static/css jstests

# For every machine and every Python from 3.11 on; UPGRADE=--upgrade renews what comes along.
LOCK = $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' $(UPGRADE) pyproject.toml

lock: $(VENV)/bin/uv ## write requirements*.txt after the lists in pyproject.toml were changed
	$(LOCK) --output-file requirements.txt
	$(LOCK) --constraint requirements.txt --group cluster --output-file requirements-cluster.txt
	$(LOCK) --constraint requirements-cluster.txt --group s3 --output-file requirements-s3.txt
	$(LOCK) --constraint requirements.txt --group dev --output-file requirements-dev.txt

clean: ## remove the environment and what the tools left (not the database, not the models)
	rm -rf $(VENV) staticfiles htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The copies that are served, compressed and named by their content.
staticfiles/staticfiles.json: $(VENV)/requirements digitsite/settings.py digitsite/storage.py $(shell find static -type f 2>/dev/null)
	@DEBUG=no $(MANAGE) collectstatic --no-input --verbosity 0
	@touch $@

# An empty file remembers what was installed; pip runs again only after its list changed.
$(VENV)/requirements: requirements.txt $(VENV)/bin/pip
	$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# Only where there is none yet: what is about to be locked need not be installable.
$(VENV)/bin/uv:
	@$(MAKE) $(VENV)/requirements-dev

$(VENV)/requirements-dev: requirements-dev.txt $(VENV)/requirements
	$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# pip is the last file that venv writes, so it also tells a whole environment from half of one.
$(VENV)/bin/pip:
	@python=$$(sh .ci/python) && "$$python" -m venv --clear $(VENV)
