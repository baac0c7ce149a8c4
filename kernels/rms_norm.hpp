#pragma once

#include "kernels/types.hpp"

// rms_norm: y[t][i] = (x[t][i] * r[t]) * weight[i],  r[t] = 1 / sqrt(mean_i x[t][i]^2 + eps)
//
// The order of the products is Hugging Face's (LlamaRMSNorm). Bits: the sum of squares by the rule
// of sums.hpp, then r = 1 / sqrt(sum / dim + eps), each of the four operations rounded.

namespace reranker::kernels {

struct RmsNormArgs {
  float* y;             // (num_tokens, dim), may be x
  const float* x;       // (num_tokens, dim)
  const float* weight;  // (dim)
  std::int64_t num_tokens;
  std::int64_t dim;
  float eps;
};

}  // namespace reranker::kernels
