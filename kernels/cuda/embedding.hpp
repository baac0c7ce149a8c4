#pragma once

#include "kernels/cuda/types.hpp"

// embedding: out[t] = table[ids[t]], widened to fp32.

namespace reranker::kernels::cuda {

struct EmbeddingArgs {
  float* out;               // (num_tokens, dim)
  const void* table;        // (vocabulary, dim), fp32, bf16 or fp16
  const std::int32_t* ids;  // (num_tokens)
  std::int32_t num_tokens;
  std::int32_t dim;
  Type type;  // of the table
};

Status embedding(const EmbeddingArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
