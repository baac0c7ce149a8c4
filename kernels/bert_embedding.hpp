#pragma once

#include "kernels/types.hpp"

// bert_embedding: what a token is, where it stands and which text it belongs to, before BERT's
// first layer norm. For token t, the p-th of sequence s:
//
//   out[t] = (words[ids[t]] + positions[p]) + types[p < type_1_begins[s] ? 0 : 1]
//
// Rows are widened exactly; each sum is rounded.

namespace reranker::kernels {

/// A table (rows, dim) row-major, as in the checkpoint.
struct EmbeddingRows {
  const void* rows;
  WeightType type;
};

struct BertEmbeddingArgs {
  float* out;                         // (num_tokens, dim); may be words if ids[t] = t
  EmbeddingRows words;                // (vocab, dim)
  EmbeddingRows positions;            // at least as many rows as the longest sequence has tokens
  EmbeddingRows types;                // a row for each type that occurs: one or two
  const std::int32_t* ids;            // (num_tokens), 0 <= id < vocab: the caller has checked
  const std::int32_t* offsets;        // (num_sequences + 1)
  const std::int32_t* type_1_begins;  // (num_sequences), counted from the sequence's first token;
                                      // its length or more where no token is of type 1
  std::int64_t num_tokens;
  std::int64_t num_sequences;
  std::int64_t dim;
};

}  // namespace reranker::kernels
