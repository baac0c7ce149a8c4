#pragma once

#include "kernels/types.hpp"

// rope: rotary positions on queries and keys, in place, in Hugging Face's order (rotate_half: i is
// paired with i + D/2). For a token at position p of its own sequence, each head, i < D/2:
//
//   x[i]       = x[i] * cos[p][i] - x[i + D/2] * sin[p][i]
//   x[i + D/2] = x[i + D/2] * cos[p][i] + x[i] * sin[p][i]
//
// Bits: the product with the cosine is rounded, the other one is fused.

namespace reranker::kernels {

struct RopeArgs {
  float* qkv;                   // (num_tokens, (H + 2 KV) * D), values are left alone
  const float* table;           // make_rope_table, with at least as many positions as the longest
  const std::int32_t* offsets;  // (num_sequences + 1): positions count from each sequence's start
  std::int64_t num_tokens;
  std::int64_t num_sequences;
  std::int64_t num_heads;     // H
  std::int64_t num_kv_heads;  // KV
  std::int64_t head_dim;      // D, even
};

/// Number of floats in the table of `max_positions` positions.
std::int64_t rope_table_size(std::int64_t max_positions, std::int64_t head_dim);

/// Fills `table` (max_positions, 2, D/2): for each position the cosines, then the sines, of
/// position * inv_freq[i].
///
/// The angle is rounded to float, as in Hugging Face. Its cosine and sine are computed in double by
/// our own routine and rounded once, so that no bit depends on the C library's choice of code.
/// inv_freq (D/2): 0 <= position * inv_freq < 2^20.
void make_rope_table(float* table, const float* inv_freq, std::int64_t max_positions,
                     std::int64_t head_dim);

}  // namespace reranker::kernels
