#pragma once

#include <limits>

#include "kernels/types.hpp"

// attention: bidirectional, over sequences of any length laid end to end, grouped queries.
//
// For token t of the sequence [b, e), head h < H, and key head g = h / (H / KV):
//
//   s[u]      = sum_d (q[t][h][d] * scale) * k[u][g][d]    u in [b, e), scale = log2(e) / sqrt(D)
//   out[t][h] = sum_u 2^s[u] * v[u][g] / sum_u 2^s[u]
//
// which is the softmax of q k / sqrt(D): a power of two is cheaper than one of e.
//
// No (T, T) matrix exists at any length: keys are taken in blocks of kAttentionBlock, counted from
// the start of the sequence, with a running maximum (Milakov and Gimelshein, arXiv:1805.02867).
//
// Bits. q is scaled first, with one rounding. A score is one chain of fused multiply-adds in the
// order of d. For each block in order, with m the maximum so far, this block included:
//   p[u] = exp2(s[u] - m)                                       (exp.hpp)
//   l_block = the p of the block by the rule of sums.hpp
//   o_block = one chain of fused multiply-adds over u, begun at +0, for each d
//   first block:  l = l_block,  o = o_block
//   later:        a = exp2(m_before - m),  l = fma(l, a, l_block),  o = fma(o, a, o_block)
// and out = o * (1 / l). So a row depends on its own sequence alone. Where all scores of a block
// that nothing finite came before are minus infinity, or any is infinity or NaN, it is NaN.

namespace reranker::kernels {

constexpr std::int64_t kAttentionBlock = 256;
constexpr std::int64_t kAllQueries = std::numeric_limits<std::int64_t>::max();

struct AttentionArgs {
  float* out;                   // (num_tokens, H * D)
  const float* qkv;             // (num_tokens, (H + 2 KV) * D): queries, keys, values; after rope
  const std::int32_t* offsets;  // (num_sequences + 1): first token of each, then num_tokens
  void* packed;                 // keys and values in panels: packed_bytes, kAlignment
  std::int64_t num_tokens;
  std::int64_t num_sequences;
  std::int64_t num_heads;     // H, a multiple of KV
  std::int64_t num_kv_heads;  // KV
  std::int64_t head_dim;      // D, any from 1 to kMaxHeadDim
  // Tokens of a sequence, from its first on, that get a row of `out`: others' are left as they are.
  std::int64_t num_queries = kAllQueries;
};

constexpr std::int64_t kMaxHeadDim = 512;

}  // namespace reranker::kernels
