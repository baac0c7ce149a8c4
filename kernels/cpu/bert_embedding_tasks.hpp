#pragma once

#include "kernels/cpu/tables.hpp"

// The loop of bert_embedding over tokens. For bert_embedding_<isa>.cpp only: everything is local to
// the file that includes it.

namespace reranker::kernels {
namespace {

/// Row `index` of a table of `dim` columns.
inline EmbeddingRows row_of(const EmbeddingRows& table, std::int64_t index, std::int64_t dim) {
  const std::int64_t bytes = table.type == WeightType::fp32 ? 4 : 2;
  return {static_cast<const char*>(table.rows) + index * dim * bytes, table.type};
}

/// `Add` writes (word + position) + type, rows of `dim`, to `out`.
template <void (*Add)(float* out, const EmbeddingRows& word, const EmbeddingRows& position,
                      const EmbeddingRows& type, std::int64_t dim)>
void bert_embedding_tokens(const BertEmbeddingArgs& args, const Plan& plan, std::int64_t task,
                           void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  std::int64_t s = 0;
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    while (t >= args.offsets[s + 1]) ++s;
    const std::int64_t position = t - args.offsets[s];
    Add(args.out + t * args.dim, row_of(args.words, args.ids[t], args.dim),
        row_of(args.positions, position, args.dim),
        row_of(args.types, position < args.type_1_begins[s] ? 0 : 1, args.dim), args.dim);
  }
}

}  // namespace
}  // namespace reranker::kernels
