#!/usr/bin/env bash
# Builds, checks and measures the CUDA engine on a machine with a GPU and no network, which has the
# CUDA Toolkit, PyTorch 2.11, transformers, CMake and ninja; and writes one Markdown page.
#
#   scripts/gpu_check.sh DEPS PAGE [STEP...]
#
# DEPS   what scripts/collect_deps.sh made
# PAGE   where the page goes; logs lie beside it
# STEP   of build tests sanitizer parity bits kernels ranking model; all of them if none is named
#
# TOKENIZER: a tokenizer.json with Llama 3's vocabulary; else models/small-llama's is used and logits are
#            not compared with the recorded ones
# RANKING_MODEL, RANKING_DATA: a model with real weights and BEIR folders; else no ranking is compared
# RANKING_QUERIES: how many of each set, default 12
# BUILD:     a build that is there already, for the steps after `build`; default: build/gpu
# WORK:      where models are made; default: a temporary folder
set -uo pipefail
cd "$(dirname "$0")/.." || exit

deps=$(realpath "${1:?a folder from collect_deps.sh wanted}")
page=$(realpath -m "${2:?a page to write wanted}")
steps=("${@:3}")
logs=$(dirname "$page")
build=${BUILD:-build/gpu}
bin=$build/bin
work=${WORK:-$(mktemp -d)}
[[ -n ${WORK:-} ]] || trap 'rm -rf "$work"' EXIT
python=python3
failed=()

wanted() {
  ((${#steps[@]} == 0)) && return
  [[ " ${steps[*]} " == *" $1 "* ]]
}

say() { printf '%s\n' "$@" >>"$page"; }

# check NAME WORDS COMMAND...: its output is a section of the page.
check() {
  local name=$1 words=$2 begin=$SECONDS status=0
  shift 2
  "$@" >"$logs/$name.txt" 2>"$logs/$name.log" || status=$?
  say "## $words" '' && cat "$logs/$name.txt" >>"$page" && say ''
  if ((status != 0)); then
    failed+=("$name")
    say "**Failed** with status $status:" '' '```' "$(tail -n 15 "$logs/$name.log")" '```' ''
  fi
  printf '%s: status %d, %d s\n' "$name" "$status" $((SECONDS - begin))
}

build() {
  local torch
  torch=$("$python" -c 'import torch, pathlib; print(pathlib.Path(torch.__file__).parent)')
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DRERANKER_CUDA=ON -DLibTorch_ROOT="$torch" \
    -DCMAKE_PREFIX_PATH="$deps/usr" -DCMAKE_LIBRARY_ARCHITECTURE=x86_64-linux-gnu -DRERANKER_INSTALL=OFF \
    -DRERANKER_SIMDJSON="$deps/simdjson" -DRERANKER_XXHASH_INCLUDE="$deps/usr/include" \
    -DCMAKE_CXX_FLAGS="-isystem $deps/usr/include" >&2
  cmake --build "$build" --target rerank reranker_cuda reranker_cuda_bench cuda_tests cuda_engine_tests >&2
}

tests() {
  local status=0
  "$python" tests/cli/make_tiny_model.py "$work/tiny" >&2 || return 1
  "$python" tests/cli/make_tiny_bert.py "$work/tiny_bert" >&2 || return 1
  "$python" tests/cli/make_tiny_bert.py "$work/tiny_pair_cosine" --pair-cosine >&2 || return 1
  # NAME PROGRAM MODEL SHIPPED_MODEL
  run_tests() {
    RERANKER_TINY_MODEL=$work/$3 RERANKER_TINY_BERT=$work/tiny_bert RERANKER_SMALL_MODEL=$4 "$bin/$2" >"$logs/$1.log" 2>&1 || status=1
    echo "- $1: $(tail -n 2 "$logs/$1.log" | tr -s '=\n' ' ')"
  }
  run_tests cuda_tests cuda_tests tiny models/small-llama
  run_tests cuda_engine_tests cuda_engine_tests tiny models/small-llama
  run_tests cuda_engine_tests_bert cuda_engine_tests tiny_bert models/minilm
  run_tests cuda_engine_tests_pair_cosine cuda_engine_tests tiny_pair_cosine models/small
  return $status
}

# The tools slow a program down a hundredfold: no long sequences, and none of cuBLASLt's kernels.
sanitizer() {
  local cases='[attention]~*long*~*order*,[rms_norm],[swiglu],[embedding],[rope],[pool_score]'
  cases+=',[layer_norm],[bias],[bert_embedding],[classify],[pair_cosine]'
  local tool status=0
  for tool in memcheck racecheck synccheck initcheck; do
    if timeout 120 compute-sanitizer --tool "$tool" --error-exitcode 9 "$bin/cuda_tests" "$cases" >"$logs/$tool.log" 2>&1; then
      echo "- $tool: nothing found"
    else
      echo "- $tool: $(tail -n 1 "$logs/$tool.log")"
      status=1
    fi
  done
  return $status
}

make_model() {
  [[ -e $work/$1/config.json ]] && return
  "$python" tests/oracle/checkpoint.py --shape "$1" --out "$work/$1" --tokenizer "${TOKENIZER:-models/small-llama/tokenizer.json}" >&2
}

parity() {
  local status=0 head
  if [[ -n ${TOKENIZER:-} ]]; then
    "$python" tests/oracle/gpu.py --bin "$bin/rerank" --shape 1b --work "$work" || status=1
  fi
  for head in pooled pair-cosine; do
    "$python" tests/oracle/bert.py --bin "$bin/rerank" --shape minilm --head "$head" --device cuda || status=1
  done
  return $status
}
same_bits() {
  printf -- '- %s, %s: ' "$1" "$2"
  "$python" tests/oracle/sameness.py --bin "$bin/rerank" --batches 3 --device cuda --precision "$2" --isa "${@:3}" | tail -n 1
}
bits() {
  local model precision status=0
  local precisions=(bf16 fp16 fp32)
  if "$python" -c 'import sys, torch; sys.exit(torch.cuda.get_device_capability() != (9, 0))'; then precisions+=(fp8); fi
  for precision in "${precisions[@]}"; do
    same_bits 1B "$precision" --work "$work" --shape 1b || status=1
  done
  for model in minilm small; do
    for precision in fp16 fp32; do
      same_bits "models/$model" "$precision" --model "models/$model" || status=1
    done
  done
  return $status
}
kernels() {
  local status=0
  "$python" benchmarks/cuda/attention.py "$build/lib/libreranker_cuda_bench.so" || status=1
  echo
  "$python" benchmarks/cuda/rows.py "$build/lib/libreranker_cuda_bench.so" || status=1
  return $status
}
model() {
  local status=0
  "$python" benchmarks/cuda/end_to_end.py --bin "$bin/rerank" --model "$work/1b" || status=1
  echo
  "$python" benchmarks/cuda/end_to_end.py --bin "$bin/rerank" --model "$work/1b" --precision fp8 --only '1 x 128' '128 x 512' '8 x 8192' || status=1
  return $status
}
# On real weights: RANKING_MODEL, and RANKING_DATA with its BEIR folders.
ranking() {
  local sets
  mapfile -t sets < <(ls "$RANKING_DATA")
  "$python" benchmarks/ranking.py --bin "$bin/rerank" --model "$RANKING_MODEL" --data "$RANKING_DATA" --device cuda \
    --sets "${sets[@]}" --precisions bf16 fp16 fp8 --queries "${RANKING_QUERIES:-12}" --max-tokens 256 | grep -E '^\| (set|mean|---)|^\|---'
}
information() {
  echo '```'
  "$bin/rerank" info --model "$work/1b" --device cuda
  echo '```'
}

mkdir -p "$logs"
: >"$page"
say "# $(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1)" ''
say "Driver $(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -n 1), $(nvcc --version | grep -o 'release [0-9.]*'), PyTorch $("$python" -c 'import torch; print(torch.__version__)')." ''
wanted build && check build 'Build' build
wanted tests && check tests "The kernels' and the engine's tests" tests
wanted sanitizer && check sanitizer 'compute-sanitizer, on the small cases' sanitizer
make_model 1b
check information 'What was loaded' information
wanted parity && check parity "Logits against Hugging Face's: BERT, and where TOKENIZER is given the 1B shape, random weights" parity
wanted bits && check bits 'The same bits in any batch' bits
wanted kernels && check kernels 'Kernels' kernels
[[ -n ${RANKING_DATA:-} ]] && wanted ranking && check ranking 'Rankings against fp32, real weights' ranking
wanted model && check model 'The whole model, 1B shape' model
if ((${#failed[@]} > 0)); then
  say "Failed: ${failed[*]}"
  printf 'failed: %s\n' "${failed[*]}"
  exit 1
fi
