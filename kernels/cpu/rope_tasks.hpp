#pragma once

#include "kernels/cpu/tables.hpp"

// The loop of rope over tokens and heads. For rope_<isa>.cpp only: everything is local to the file
// that includes it.

namespace reranker::kernels {
namespace {

/// `Rotate` turns one head (2, half) by half cosines and half sines.
template <void (*Rotate)(float* head, const float* cosines, const float* sines, std::int64_t half)>
void rope_tokens(const RopeArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  const std::int64_t half = args.head_dim / 2;
  const std::int64_t rotated = args.num_heads + args.num_kv_heads;
  const std::int64_t stride = (rotated + args.num_kv_heads) * args.head_dim;
  std::int64_t s = 0;
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    while (t >= args.offsets[s + 1]) ++s;
    const float* cosines = args.table + (t - args.offsets[s]) * 2 * half;
    for (std::int64_t h = 0; h < rotated; ++h)
      Rotate(args.qkv + t * stride + h * args.head_dim, cosines, cosines + half, half);
  }
}

}  // namespace
}  // namespace reranker::kernels
