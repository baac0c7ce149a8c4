#pragma once

#include <cstddef>

#include "kernels/linear.hpp"

namespace reranker::engine {

/// How a packed projection lies in its tensor of bytes: what it is, then the panels.
struct alignas(kernels::kAlignment) PackedLinear {
  kernels::LinearWeights weights;

  const void* panels() const { return this + 1; }
  void* panels() { return this + 1; }

  static std::size_t bytes(const kernels::LinearWeights& weights) {
    return sizeof(PackedLinear) + kernels::packed_linear_bytes(weights);
  }
};

}  // namespace reranker::engine
