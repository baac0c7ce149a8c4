#!/usr/bin/env bash
# Formats our C++ files in place; with --check only says which are not formatted, and fails.
#
#   scripts/format.sh [--check]
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[[ ${1:-} == --check ]] && mode=(--dry-run --Werror)
find include src kernels examples tests benchmarks \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
  xargs -0 clang-format "${mode[@]}"
