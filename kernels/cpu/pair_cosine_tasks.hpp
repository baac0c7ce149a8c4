#pragma once

#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/tables.hpp"

// The loop of pair_cosine over sequences. For pair_cosine_<isa>.cpp only: everything is local to
// the file that includes it.

namespace reranker::kernels {
namespace {

/// A sequence's rows by their token's type; one or the other may have none.
struct RowsByType {
  const float* first;
  std::int64_t num_first;
  const float* second;
  std::int64_t num_second;
};

/// What is left of the means: m·head, a·a, b·b and a·b of pair_cosine.hpp.
struct MeanProducts {
  float head, first, second, both;
};

/// What a sum over so many rows is divided by.
inline double divisor(std::int64_t num_rows) {
  return static_cast<double>(larger(num_rows, 1));
}

inline double norm_of(float square) {
  const double norm = __builtin_sqrt(static_cast<double>(square));
  return norm > kCosineEps ? norm : kCosineEps;
}

inline float logit_of(const PairCosineArgs& args, const MeanProducts& p) {
  const double cosine = static_cast<double>(p.both) / (norm_of(p.first) * norm_of(p.second));
  const double linear = static_cast<double>(p.head) + static_cast<double>(args.head_bias);
  return static_cast<float>(linear + static_cast<double>(args.cosine_scale) * cosine);
}

inline RowsByType rows_of(const PairCosineArgs& args, std::int64_t s) {
  const float* x = args.x + args.offsets[s] * args.dim;
  const std::int64_t length = args.offsets[s + 1] - args.offsets[s];
  const std::int64_t num_first = smaller(args.type_1_begins[s], length);
  return {x, num_first, x + num_first * args.dim, length - num_first};
}

template <MeanProducts (*Multiply)(const PairCosineArgs& args, const RowsByType& rows)>
void pair_cosine_sequences(const PairCosineArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange sequences = part_of(args.num_sequences, task, plan.num_tasks);
  for (std::int64_t s = sequences.begin; s < sequences.end; ++s) {
    const RowsByType rows = rows_of(args, s);
    const bool empty = rows.num_first + rows.num_second == 0;
    args.logits[s] = empty ? 0.0f : logit_of(args, Multiply(args, rows));
  }
}

}  // namespace
}  // namespace reranker::kernels
