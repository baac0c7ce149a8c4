#pragma once

#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

// attention.hpp by the book. Numbers says what the products are made of:
//
//   kName                                AttentionKernels::products
//   chain(a, a_step, b, b_step, count)   sum of count products, begun at +0
//
// For <op>_generic.cpp only, as scalar.hpp.

namespace reranker::kernels {
namespace {

/// What a query row has gathered from the blocks of keys so far.
struct Running {
  float max;
  float sum;
  float out[kMaxHeadDim];
};

/// Adds keys [begin, end), one block. `key` and `value` are those of token 0 for this head; tokens
/// are `stride` floats apart.
template <typename Numbers>
void add_block(Running& row, const float* query, const float* key, const float* value,
               std::int64_t begin, std::int64_t end, std::int64_t stride, std::int64_t dim,
               bool first) {
  float p[kAttentionBlock];
  float max = first ? -std::numeric_limits<float>::infinity() : row.max;
  for (std::int64_t u = begin; u < end; ++u) {
    const float score = Numbers::chain(query, 1, key + u * stride, 1, dim);
    p[u - begin] = score;
    if (score > max) max = score;
  }

  float partials[kNumPartials] = {};
  for (std::int64_t u = 0; u < end - begin; ++u) {
    p[u] = exp2_of(p[u] - max);
    partials[u % kNumPartials] += p[u];
  }
  const float rescale = first ? 0.0f : exp2_of(row.max - max);
  const float sum = tree_sum(partials);
  row.sum = first ? sum : std::fma(row.sum, rescale, sum);
  row.max = max;

  for (std::int64_t d = 0; d < dim; ++d) {
    const float chain = Numbers::chain(p, 1, value + begin * stride + d, stride, end - begin);
    row.out[d] = first ? chain : std::fma(row.out[d], rescale, chain);
  }
}

template <typename Numbers>
void attend(const AttentionArgs& args, std::int64_t begin, std::int64_t end, std::int64_t token,
            std::int64_t head) {
  const std::int64_t dim = args.head_dim;
  const std::int64_t stride = (args.num_heads + 2 * args.num_kv_heads) * dim;
  const std::int64_t kv_head = head / (args.num_heads / args.num_kv_heads);
  const float* key = args.qkv + begin * stride + (args.num_heads + kv_head) * dim;
  const float* value = key + args.num_kv_heads * dim;

  const float scale = kLog2E / std::sqrt(static_cast<float>(dim));
  float query[kMaxHeadDim];
  for (std::int64_t d = 0; d < dim; ++d)
    query[d] = args.qkv[token * stride + head * dim + d] * scale;

  Running row{};
  for (std::int64_t u = 0; u < end - begin; u += kAttentionBlock) {
    const std::int64_t block_end =
        u + kAttentionBlock < end - begin ? u + kAttentionBlock : end - begin;
    add_block<Numbers>(row, query, key, value, u, block_end, stride, dim, u == 0);
  }
  const float inverse = 1.0f / row.sum;
  float* out = args.out + (token * args.num_heads + head) * dim;
  for (std::int64_t d = 0; d < dim; ++d) out[d] = row.out[d] * inverse;
}

inline std::size_t packed_nothing(const AttentionArgs&) {
  return 0;
}

inline Plan plan_no_pack(const AttentionArgs&, int) {
  return {0, 0, 0, 0};
}

inline void pack_nothing(const AttentionArgs&, const Plan&, std::int64_t, void*) {}

/// A task is a head of all sequences.
inline Plan plan_heads(const AttentionArgs& args, int) {
  const std::int64_t num_tasks = args.num_tokens == 0 ? 0 : args.num_heads;
  return {num_tasks, 0, 1, num_tasks};
}

template <typename Numbers>
void attention_of(const AttentionArgs& args, const Plan&, std::int64_t task, void*) {
  for (std::int64_t s = 0; s < args.num_sequences; ++s) {
    const std::int64_t begin = args.offsets[s];
    const std::int64_t end = args.offsets[s + 1];
    for (std::int64_t t = 0; t < end - begin && t < args.num_queries; ++t)
      attend<Numbers>(args, begin, end, begin + t, task);
  }
}

template <typename Numbers>
AttentionKernels attention_kernels() {
  return {Numbers::kName, packed_nothing, plan_no_pack,
          pack_nothing,   plan_heads,     attention_of<Numbers>};
}

}  // namespace
}  // namespace reranker::kernels
