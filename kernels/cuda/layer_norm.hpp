#pragma once

#include "kernels/cuda/types.hpp"

// layer_norm of the residual in its place (kernels/layer_norm.hpp), and the same rounded once to
// what projections read:
//
//   v = x[t] + added,  x[t] = rows[t] = (v - mean(v)) / sqrt(mean((v - mean(v))^2) + eps) * weight
//                                       + bias
//
// in fp32. `added` is the bias of the projection whose product was added to x: here it costs no
// pass of its own.
//
// These kernels have run on the host emulator only (tests/cuda_on_host).

namespace reranker::kernels::cuda {

struct LayerNormArgs {
  float* x;             // (num_tokens, dim)
  void* rows;           // (num_tokens, dim) of `type`; null where that is fp32: x serves
  const float* added;   // (dim), or null for none
  const float* weight;  // (dim)
  const float* bias;    // (dim)
  std::int32_t num_tokens;
  std::int32_t dim;
  float eps;
  Type type;  // fp32, bf16 or fp16
};

Status layer_norm(const LayerNormArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
