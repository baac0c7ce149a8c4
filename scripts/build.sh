#!/usr/bin/env bash
# Sets up, configures and builds into build/PRESET; the command-line tool is build/PRESET/bin/rerank.
#
#   scripts/build.sh [PRESET [TARGET...]]     a preset of CMakePresets.json: release, dev, asan, tsan
#
# CMAKE_CXX_COMPILER_LAUNCHER, CMAKE_CUDA_COMPILER_LAUNCHER: in place of ccache, which is used where it works.
# LibTorch_ROOT, RERANKER_SIMDJSON: as in scripts/setup.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

preset=${1:-release}
targets=("${@:2}")
is_preset "$preset" || usage

# It may be there and have no folder that it can write to.
ccache_works() {
  local folder status=0
  command -v ccache >/dev/null || return
  folder=$(mktemp -d)
  echo 'int main() {}' >"$folder/main.cpp"
  ccache g++ -c "$folder/main.cpp" -o "$folder/main.o" 2>/dev/null || status=1
  rm -r "$folder"
  return $status
}

scripts/setup.sh
# An empty launcher takes away what an earlier call gave to the build's folder.
launcher=
if ccache_works; then launcher=ccache; fi
configure=(cmake --preset "$preset"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-$launcher}"
  "-DCMAKE_CUDA_COMPILER_LAUNCHER=${CMAKE_CUDA_COMPILER_LAUNCHER-$launcher}")
[[ -z ${RERANKER_SIMDJSON:-} ]] || configure+=("-DRERANKER_SIMDJSON=$RERANKER_SIMDJSON")
build=(cmake --build "build/$preset" --parallel "$(num_jobs)")
((${#targets[@]} == 0)) || build+=(--target "${targets[@]}")

step "Configure ($preset)" "${configure[@]}"
step "Build ($preset)" "${build[@]}"
