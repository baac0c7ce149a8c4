#!/usr/bin/env bash
# Sets up, configures and builds into build/PRESET; the command-line tool is build/PRESET/bin/rerank.
#
#   scripts/build.sh [PRESET [TARGET...]]     a preset of CMakePresets.json: release, dev, asan, tsan
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

preset=${1:-release}
targets=("${@:2}")
[[ $preset =~ ^(release|dev|asan|tsan)$ ]] || usage

configure=(cmake --preset "$preset")
command -v ccache >/dev/null && configure+=(-DCMAKE_{CXX,CUDA}_COMPILER_LAUNCHER=ccache)
build=(cmake --build "build/$preset" --parallel "$(num_jobs)")
((${#targets[@]} == 0)) || build+=(--target "${targets[@]}")

scripts/setup.sh
step "Configure ($preset)" "${configure[@]}"
step "Build ($preset)" "${build[@]}"
