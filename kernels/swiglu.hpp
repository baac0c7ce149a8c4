#pragma once

#include "kernels/types.hpp"

// swiglu: out[t][i] = silu(gate) * up,  gate = gate_up[t][i],  up = gate_up[t][dim + i]
//
// silu(g) = g / (1 + exp(-g)). Bits: exp (exp.hpp), sum, quotient and product, each rounded.
// Epilogue::swiglu of linear.hpp gives the same bits without writing gate_up.

namespace reranker::kernels {

struct SwigluArgs {
  float* out;            // (num_tokens, dim)
  const float* gate_up;  // (num_tokens, 2 * dim)
  std::int64_t num_tokens;
  std::int64_t dim;
};

}  // namespace reranker::kernels
