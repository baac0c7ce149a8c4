#pragma once

#include "kernels/cuda/types.hpp"

// rms_norm: out = x / sqrt(mean(x^2) + eps) * weight, computed in fp32 and rounded once.
// As e4m3 a row is divided by its scale = max|out| / 448 before it is rounded (scale 1 for a row of
// zeros), so that a row's bits depend on the row alone.

namespace reranker::kernels::cuda {

struct RmsNormArgs {
  void* out;            // (num_tokens, dim)
  float* scales;        // (num_tokens), of e4m3 rows; else null
  const float* x;       // (num_tokens, dim)
  const float* weight;  // (dim)
  std::int32_t num_tokens;
  std::int32_t dim;
  float eps;
  Type type;  // of out
};

Status rms_norm(const RmsNormArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
