#pragma once

#include "kernels/cpu/tables.hpp"

// The loop of classify over sequences. For classify_<isa>.cpp only: everything is local to the file
// that includes it.

namespace reranker::kernels {
namespace {

/// `Logit` is that of row `x`.
template <float (*Logit)(const ClassifyArgs& args, const float* x)>
void classify_sequences(const ClassifyArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange sequences = part_of(args.num_sequences, task, plan.num_tasks);
  for (std::int64_t s = sequences.begin; s < sequences.end; ++s)
    args.logits[s] = Logit(args, args.x + s * args.dim);
}

}  // namespace
}  // namespace reranker::kernels
