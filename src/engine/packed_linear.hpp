#pragma once

#include <cstddef>
#include <optional>

#include "kernels/linear_int8.hpp"

namespace reranker::engine {

/// What a projection's weights are and how they are kept.
struct LinearForm {
  kernels::LinearWeights weights;
  std::optional<kernels::Int8Range> int8;  // none: floats, as they are stored

  kernels::LinearInt8Weights codes() const { return {weights, *int8}; }

  std::size_t packed_bytes() const {
    return int8 ? kernels::packed_linear_int8_bytes(codes())
                : kernels::packed_linear_bytes(weights);
  }
};

/// How a packed projection lies in its tensor of bytes: what it is, then the panels.
struct alignas(kernels::kAlignment) PackedLinear {
  LinearForm form;

  const void* panels() const { return this + 1; }
  void* panels() { return this + 1; }

  static std::size_t bytes(const LinearForm& form) {
    return sizeof(PackedLinear) + form.packed_bytes();
  }
};

}  // namespace reranker::engine
