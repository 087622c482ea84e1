# What anybody does here. Needs make and Python 3.11 or newer; everything else is installed into .venv.

PYTHON ?= python3
MESSAGES = DJANGO_SETTINGS_MODULE=tests.settings .venv/bin/python manage.py

.PHONY: run test faults fuzz bench soak format messages

run:       ## install, prepare and serve on http://127.0.0.1:8000 (PORT=9000 make run for another port)
	@$(PYTHON) config/install.py
	@.venv/bin/python -m config.first_run
	@exec .venv/bin/python manage.py serve

test:      ## every check and every test (BROWSER=0 leaves the browser tests out)
	@$(PYTHON) config/install.py --for-tests
	@exec .venv/bin/python -m tests.run

faults:    ## the fault and kill tests with their full numbers
	@$(PYTHON) config/install.py --for-tests
	@exec .venv/bin/python -m tests.run --faults

fuzz:      ## the API asked whatever its schema allows and what it does not (FUZZ_EXAMPLES=500 for more than 200)
	@$(PYTHON) config/install.py --for-tests
	@exec .venv/bin/python -m tests.run --fuzz

bench:     ## the performance table: this product beside reference relays (about forty minutes)
	@$(PYTHON) config/install.py --for-tests
	@exec .venv/bin/python -m benchmarks

soak:      ## half an hour of people who chat, lose the connection, stop and retry (SOAK_MINUTES=5 make soak)
	@$(PYTHON) config/install.py --for-tests
	@exec .venv/bin/python -m benchmarks soak

format:    ## put the code into its one format
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format .
	@git ls-files -z 'templates/*.html' | xargs -0 --no-run-if-empty .venv/bin/djade --target-version 5.2

messages:  ## collect the strings for translation and compile the catalogue (needs gettext)
	@$(MESSAGES) makemessages --locale zh_Hant --no-wrap --no-obsolete --add-location file --ignore '.venv/*' --ignore 'tests/*'
	@$(MESSAGES) makemessages --locale zh_Hant --no-wrap --no-obsolete --add-location file --domain djangojs \
	  --ignore '.venv/*' --ignore 'static/vendor/*' --ignore '*node_modules*' --ignore 'staticfiles/*' --ignore '*.min.js' --ignore 'tests/*'
	@$(MESSAGES) compilemessages --ignore '.venv/*'
