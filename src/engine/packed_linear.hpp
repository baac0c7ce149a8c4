#pragma once

#include "kernels/linear.hpp"

namespace reranker::engine {

/// How a packed projection lies in its tensor of bytes: what it is, then the panels of the
/// arithmetic that packed it.
struct alignas(kernels::kAlignment) PackedLinear {
  kernels::LinearWeights weights;

  const void* panels() const { return this + 1; }
  void* panels() { return this + 1; }
};

}  // namespace reranker::engine
