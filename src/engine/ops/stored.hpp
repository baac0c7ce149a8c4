#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/types.hpp"

namespace reranker::engine {

/// The type of a table that is kept as the checkpoint has it.
inline kernels::WeightType stored_type(const at::Tensor& table) {
  if (table.scalar_type() == at::kBFloat16) return kernels::WeightType::bf16;
  if (table.scalar_type() == at::kHalf) return kernels::WeightType::fp16;
  return kernels::WeightType::fp32;
}

}  // namespace reranker::engine
