#pragma once

#include "kernels/cuda/types.hpp"

// bert_embedding: out[t] = (words[ids[t]] + positions[p]) + types[type], with p where the token
// stands in its sequence and type which of the two texts it belongs to
// (kernels/bert_embedding.hpp); widened to fp32, where each sum is rounded.
//
// These kernels have run on the host emulator only (tests/cuda_on_host).

namespace reranker::kernels::cuda {

struct BertEmbeddingArgs {
  float* out;                        // (num_tokens, dim)
  const void* words;                 // (vocabulary, dim), of `type` as the other tables
  const void* positions;             // (max_positions, dim)
  const void* types;                 // (num_token_types, dim)
  const std::int32_t* ids;           // (num_tokens)
  const std::int32_t* positions_of;  // (num_tokens)
  const std::int32_t* types_of;      // (num_tokens)
  std::int32_t num_tokens;
  std::int32_t dim;
  Type type;  // of the tables: fp32, bf16 or fp16
};

Status bert_embedding(const BertEmbeddingArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
