#pragma once

#include "kernels/cuda/ptx.hpp"

namespace reranker::kernels::cuda {

constexpr float kLog2E = 1.44269504f;

/// x / (1 + e^-x)
RERANKER_DEVICE float silu(float x) {
  return divide_approx(x, 1.0f + exp2_approx(-kLog2E * x));
}

}  // namespace reranker::kernels::cuda
