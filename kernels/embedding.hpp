#pragma once

#include "kernels/types.hpp"

// embedding: out[t] = table[ids[t]], widened exactly to fp32.

namespace reranker::kernels {

struct EmbeddingArgs {
  float* out;               // (num_tokens, dim)
  const void* table;        // (vocab, dim) row-major, of `type`, as in the checkpoint
  const std::int32_t* ids;  // (num_tokens), 0 <= id < vocab: the caller has checked
  std::int64_t num_tokens;
  std::int64_t dim;
  WeightType type;
};

}  // namespace reranker::kernels
