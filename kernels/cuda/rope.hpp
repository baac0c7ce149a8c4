#pragma once

#include "kernels/cuda/types.hpp"

// rope: rotary positions on queries and keys in place, as kernels/rope.hpp has them; computed in
// fp32 and rounded once. Values are left alone.

namespace reranker::kernels::cuda {

struct RopeArgs {
  void* qkv;                      // (num_tokens, (H + 2 KV) * D)
  const float* table;             // (max_positions, 2, D / 2): cosines, then sines
  const std::int32_t* positions;  // (num_tokens), of each token in its own sequence
  std::int32_t num_tokens;
  std::int32_t num_heads;
  std::int32_t num_kv_heads;
  std::int32_t head_dim;  // a multiple of 16
  Type type;              // of qkv: fp32, bf16 or fp16
};

Status rope(const RopeArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
