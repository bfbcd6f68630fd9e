# One door for every chore. `make` lists them.

PYTHON3 ?= python3
PORT ?= 8000
SANDBOX_PORT ?= 8001
# Processes that share the tests.
WORKERS ?= 2

PYTHON := .venv/bin/python
STAMP := .venv/.installed
PO := $(wildcard locale/*/LC_MESSAGES/*.po)
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# What is the same on every database, or about another one.
ON_POSTGRESQL_ALONE := tests/browser tests/sandbox tests/meli tests/drills tests/sweep tests/plans tests/api tests/audit/test_everything.py tests/ops tests/web tests/panel
# mypy and Django's own checks read the settings; DEBUG lets them make keys under var/.
CHECK_ENV := DEBUG=true DATABASE_URL= REDIS_URL=

.DEFAULT_GOAL := help
.PHONY: help demo install test drill export-size bench screenshots lint format requirements translations variables licences keys

help:  ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1|/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST)

demo: install  ## see it run: the panel with a sandbox of Mercado Livre, at http://127.0.0.1:8000 (PORT=, SANDBOX_PORT=)
	@$(PYTHON) manage.py demo --port $(PORT) --sandbox-port $(SANDBOX_PORT)

install: $(STAMP)  ## set up .venv with everything the panel and its tests need

$(STAMP): requirements-dev.txt $(PO)
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name another one with: make PYTHON3=python3.12 ..."; exit 1; }
	@$(PYTHON3) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "This Python cannot make virtual environments; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@test -x $(PYTHON) || $(PYTHON3) -m venv .venv
	@if command -v uv >/dev/null && uv pip install -q --python $(PYTHON) --require-hashes -r requirements-dev.txt; then :; \
		else echo "Installing packages into .venv ..."; $(PYTHON) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt; fi
	@$(PYTHON) -m painelml.translations
	@touch $@

test: install  ## run the tests: on PostgreSQL and Redis, then what touches the database on SQLite
ifeq ($(CHROMIUM),)
	@echo "No Chromium here, so tests/browser is left out (on Debian: sudo apt install chromium)."
endif
	$(PYTHON) -m pytest -q -n $(WORKERS) --dist loadscope $(if $(CHROMIUM),,--ignore=tests/browser)
	PAINELML_TEST_DATABASE=sqlite $(PYTHON) -m pytest -q -n $(WORKERS) --dist loadscope $(ON_POSTGRESQL_ALONE:%=--ignore=%)

drill: install  ## hurt the whole panel on purpose, in full size: kill -9, no Redis, no PostgreSQL, 429 and 500 (takes some five minutes)
	PAINELML_DRILL=full $(PYTHON) -m pytest -q tests/drills

export-size: install  ## export 100,000 orders in processes of their own and print what time and memory that takes
	PAINELML_EXPORT_ROWS=100000 $(PYTHON) -m pytest -q tests/exports/test_memory.py

bench: $(STAMP)-bench  ## measure how fast it is, on PostgreSQL and Redis, and print the table (BENCH="pages --orders 1000" for a part)
	$(PYTHON) -m bench $(BENCH)

$(STAMP)-bench: $(STAMP) requirements-bench.txt
	@$(PYTHON) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

screenshots: install  ## take every page in three widths, two themes, three languages into var/screenshots (SCREENSHOTS="--only orders" for some)
	$(PYTHON) -m tests.browser.screenshots $(SCREENSHOTS)

lint: install  ## check style, insecure patterns, types and missing migrations
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(CHECK_ENV) $(PYTHON) -m mypy
	$(CHECK_ENV) $(PYTHON) manage.py makemigrations --check --dry-run

format: install  ## put the code into its form
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

translations: install  ## collect the strings of the interface into locale/ and compile them (collecting needs gettext)
	$(CHECK_ENV) $(PYTHON) manage.py makemessages --all --no-obsolete --no-wrap --add-location file --ignore .venv --ignore tests --ignore var
	$(PYTHON) -m painelml.translations

requirements: install  ## pin the newest versions that pyproject.toml allows (needs uv)
	UV_CUSTOM_COMPILE_COMMAND="make requirements" uv pip compile -q --upgrade --no-emit-index-url --universal \
		--generate-hashes --python-version 3.11 pyproject.toml -o requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make requirements" uv pip compile -q --upgrade --no-emit-index-url --universal \
		--generate-hashes --python-version 3.11 --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	UV_CUSTOM_COMPILE_COMMAND="make requirements" uv pip compile -q --upgrade --no-emit-index-url --universal \
		--generate-hashes --python-version 3.11 --group bench -c requirements-dev.txt -o requirements-bench.txt

variables: install  ## write the README's table of variables from painelml/env.py
	$(PYTHON) -m painelml.env README.md

licences: install  ## write docs/licences.md: what the panel runs on, and under which licences
	$(PYTHON) -m painelml.licences docs/licences.md

keys:  ## print fresh values for SECRET_KEY and ENCRYPTION_KEY
	@$(PYTHON3) -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(48)); print("ENCRYPTION_KEY=" + secrets.token_urlsafe(48))'
