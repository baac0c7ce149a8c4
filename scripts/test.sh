#!/usr/bin/env bash
# Sets up, builds, and runs every test that needs no GPU. ctest's summary is the end of its output.
#
#   scripts/test.sh [PRESET]     a preset of CMakePresets.json: release, dev, asan, tsan
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

preset=${1:-release}
if (($# > 1)) || ! is_preset "$preset"; then usage; fi
scripts/setup.sh --tests
scripts/build.sh "$preset"
ctest --test-dir "build/$preset" --label-exclude gpu --output-on-failure
