#!/usr/bin/env bash
# From a bare checkout to real questions reranked by the model that ships: where the right passage
# stood in BM25's order, and where it stands now.
#
#   scripts/quickstart.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh release demo reranker_cpu
echo
build/release/bin/demo models/small examples/data/questions.jsonl
