#pragma once

#include <cstdint>

#include "kernels/cuda/types.hpp"
#include "model/safetensors.hpp"

namespace reranker::engine::cuda {

/// Whether a tensor's numbers are kept as they are.
bool same_type(model::DType dtype, kernels::cuda::Type type);

/// Rows of a checkpoint in another type, each number rounded to the nearest. As e4m3 a row is
/// divided by its scale, max|row| / 448 (1 for a row of zeros); `scales` is null for other types.
void convert(model::DType dtype, const char* from, std::int64_t rows, std::int64_t cols,
             kernels::cuda::Type type, char* to, float* scales);

}  // namespace reranker::engine::cuda
