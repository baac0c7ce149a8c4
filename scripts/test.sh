#!/usr/bin/env bash
# Sets up, builds, and runs every test that needs no GPU. ctest's summary is the end of its output.
#
#   scripts/test.sh [PRESET]
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
scripts/setup.sh --tests
scripts/build.sh "$preset"
ctest --test-dir "build/$preset" --label-exclude gpu --output-on-failure
