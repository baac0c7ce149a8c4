#pragma once

#include "kernels/types.hpp"

// layer_norm: out[t][i] = ((x[t][i] - mean[t]) * r[t]) * weight[i] + bias[i]
//
//   mean[t] = mean_i x[t][i],  r[t] = 1 / sqrt(mean_i (x[t][i] - mean[t])^2 + eps)
//
// The mean is taken away before the squares are summed, as PyTorch's layer_norm defines it: a row
// far from zero keeps its digits. Bits: the sum of x is a plain one and the sum of squares a dot
// product by the rules of sums.hpp, each divided by dim. Every operation is rounded, but for the
// last product and sum, which are fused.

namespace reranker::kernels {

struct LayerNormArgs {
  float* out;           // (num_tokens, dim), may be x
  const float* x;       // (num_tokens, dim)
  const float* weight;  // (dim)
  const float* bias;    // (dim)
  std::int64_t num_tokens;
  std::int64_t dim;
  float eps;
};

}  // namespace reranker::kernels
