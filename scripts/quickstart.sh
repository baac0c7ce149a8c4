#!/usr/bin/env bash
# From a bare checkout to real questions reranked by the model that ships: where the right passage
# stood in BM25's order, and where it stands now.
#
#   scripts/quickstart.sh
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/steps.sh

(($# == 0)) || usage
scripts/build.sh release demo reranker_cpu
cat <<'RULE'

12 questions from the dev splits of four sets, picked without a look at what any model makes of
them: those of the smallest SHA-256 of their names, where BM25's first right passage is its 2nd to
20th. So BM25 is wrong on each, and this shows what reranking mends, not how often it does: for
that, `rerank eval` and the models' cards. examples/data/README.md has sources and licences.

RULE
build/release/bin/demo models/small examples/data/questions.jsonl
