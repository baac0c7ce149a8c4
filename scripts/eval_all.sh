#!/usr/bin/env bash
# `rerank eval` over the sets of a folder, one after the other, and the mean over the sets.
#
#   scripts/eval_all.sh DATA MODEL [SPLIT [SET...]] [-- OPTION...]
#
# DATA holds one folder a set, in BEIR's layout, with candidates in bm25.SPLIT.tsv.gz. The default
# is split dev and every set that has such a file; the options are eval's, such as --limit 50.
set -euo pipefail

data=${1:?DATA is missing} model=${2:?MODEL is missing}
shift 2
split=dev sets=() options=()
if (($#)) && [[ $1 != -- ]]; then split=$1; shift; fi
while (($#)) && [[ $1 != -- ]]; do sets+=("$1"); shift; done
options=("${@:2}")

root=$(dirname "$0")/..
results=$(mktemp -d)
trap 'rm -r "$results"' EXIT

if ((${#sets[@]} == 0)); then
  for candidates in "$data"/*/bm25."$split".tsv.gz; do
    sets+=("$(basename "$(dirname "$candidates")")")
  done
fi
for set in "${sets[@]}"; do
  "$root/build/release/bin/rerank" eval --model "$model" --data "$data/$set" --split "$split" \
    --candidates "$data/$set/bm25.$split.tsv.gz" --json "$results/$set.json" "${options[@]}"
  echo
done
python3 "$root/scripts/eval_mean.py" "$results"/*.json
