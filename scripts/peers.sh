#!/usr/bin/env bash
# Times the library and other engines in turns on one checkpoint of random weights and prints a
# table: transformers, ONNX Runtime, OpenVINO, llama.cpp. They are fetched, and llama.cpp is built for
# this machine, in .deps/peers (6 GB); the checkpoint and its conversions are kept in .deps/peers-work
# (500m: 25 GB).
#
#   scripts/peers.sh [SHAPE [ARGUMENT...]]     SHAPE of tests/oracle/shapes.py, default small;
#                                              ARGUMENTs of benchmarks/peers/compare_cpu.py
#
# PEERS_PYTHON: a Python that has benchmarks/peers/requirements.txt already; nothing is fetched then.
# PEERS_WORK: a folder in place of .deps/peers-work.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

shape=${1:-small}
peers=benchmarks/peers
requirements=("$peers/requirements.txt" tests/oracle/requirements.txt)
python=${PEERS_PYTHON:-.deps/peers/bin/python}
work=${PEERS_WORK:-.deps/peers-work}
grep -q "^    \"$shape\": Shape(" tests/oracle/shapes.py || usage

# No cache: a wheel of llama.cpp in it may have been built with other flags or for another machine.
install_peers() {
  rm -rf .deps/peers
  python3 -m venv .deps/peers
  CMAKE_ARGS='-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF' CMAKE_BUILD_PARALLEL_LEVEL=$(num_jobs) \
    .deps/peers/bin/python -m pip install --no-cache-dir --no-binary llama-cpp-python -r "${requirements[0]}"
  cat "${requirements[@]}" >.deps/peers/requirements.txt
}

setup_peers() {
  [[ -z ${PEERS_PYTHON:-} ]] || return 0
  cat "${requirements[@]}" | cmp -s - .deps/peers/requirements.txt && return
  step 'Peers, a download of 3 GB and a build' install_peers
}

# The folder takes its name once whole.
make_checkpoint() {
  rm -rf "$work/$shape.draft"
  "$python" tests/oracle/checkpoint.py --shape "$shape" --out "$work/$shape.draft"
  mv "$work/$shape.draft" "$work/$shape"
}

scripts/build.sh release
setup_peers
[[ -d $work/$shape ]] || step "Checkpoint ($shape)" make_checkpoint
"$python" "$peers/compare_cpu.py" --bin build/release/bin/rerank --model "$work/$shape" "${@:2}"
