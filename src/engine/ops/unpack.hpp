#pragma once

#include <ATen/core/Tensor.h>

#include "engine/arithmetic/arithmetic.hpp"
#include "engine/packed_linear.hpp"

namespace reranker::engine {

/// The projection in a graph's tensor.
inline Projection unpack(const at::Tensor& weight) {
  const auto& packed = *static_cast<const PackedLinear*>(weight.const_data_ptr());
  return {packed.weights, packed.panels()};
}

}  // namespace reranker::engine
