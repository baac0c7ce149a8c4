#!/usr/bin/env bash
# Reads our files with clang-tidy, as .clang-tidy says, and the scripts with shellcheck.
# clang-tidy needs a configured build of the preset. Files may be named instead of all.
#
#   scripts/lint.sh [PRESET [FILE...]]
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
files=("${@:2}")
if ((${#files[@]} == 0)); then
  mapfile -t files < <(find src kernels examples -name '*.cpp' | sort)
fi
shellcheck -x scripts/*.sh .ci/run
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "build/$preset"
