#pragma once

#include "kernels/cuda/types.hpp"

// add_bias: what follows a product that has a bias, in the product's place; computed in fp32 and
// rounded once.
//
//   none   x[t] = x[t] + bias
//   gelu   x[t] = gelu(x[t] + bias)     kernels/gelu.hpp
//
// A pass of its own: cuBLASLt's gelu is the one with tanh, and its bias for 16-bit products would
// be rounded to 16 bits first.
//
// These kernels have run on the host emulator only (tests/cuda_on_host).

namespace reranker::kernels::cuda {

enum class Activation { none, gelu };

struct BiasArgs {
  void* x;            // (num_tokens, dim)
  const float* bias;  // (dim)
  std::int32_t num_tokens;
  std::int32_t dim;
  Type type;  // of x: fp32, bf16 or fp16
  Activation activation;
};

Status add_bias(const BiasArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
