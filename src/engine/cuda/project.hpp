#pragma once

#include "engine/cuda/call.hpp"

// Products by cuBLASLt, as operators ask for them.

namespace reranker::engine::cuda {

inline std::int32_t size(const at::Tensor& tensor, int dimension) {
  return static_cast<std::int32_t>(tensor.size(dimension));
}

/// x weight^T as new rows of `type`. `x` are rows of the weight's type, or a residual that has such
/// rows behind it.
at::Tensor project(Call& call, const at::Tensor& x, const at::Tensor& weight, Type type);

/// sum += x weight^T, fp32.
void project_add(Call& call, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& sum);

}  // namespace reranker::engine::cuda
