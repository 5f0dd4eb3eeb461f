#!/usr/bin/env bash
# The Python package (python/) against the program, by its own tests, with the distribution's Python, numpy and pytest.
set -euo pipefail
export VITX=${VITX_PROGRAM:-$PWD/build/release/vitx} PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider python/tests
