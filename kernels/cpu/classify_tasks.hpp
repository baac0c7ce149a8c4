#pragma once

#include "kernels/cpu/tables.hpp"

// The loop of classify over sequences. For classify_<isa>.cpp only: everything is local to the file
// that includes it.

namespace reranker::kernels {
namespace {

/// `Logit` is that of a sequence whose first row is `x`.
template <float (*Logit)(const ClassifyArgs& args, const float* x)>
void classify_sequences(const ClassifyArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange sequences = part_of(args.num_sequences, task, plan.num_tasks);
  for (std::int64_t s = sequences.begin; s < sequences.end; ++s) {
    const std::int64_t first = args.offsets[s];
    args.logits[s] = first == args.offsets[s + 1] ? 0.0f : Logit(args, args.x + first * args.dim);
  }
}

}  // namespace
}  // namespace reranker::kernels
