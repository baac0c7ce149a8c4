#pragma once

#include <cmath>

#include "kernels/cuda/ptx.hpp"
#include "kernels/exp.hpp"
#include "kernels/gelu.hpp"

// gelu and tanh by the polynomials of kernels/gelu.hpp, with the device's own 2^x: near what the
// CPU has, not its bits.

namespace reranker::kernels::cuda {

template <int i>
RERANKER_DEVICE float gelu_coefficient() {
  constexpr float kCoefficient = kGeluCoefficients[i];
  return kCoefficient;
}

RERANKER_DEVICE float gelu(float x) {
  const float magnitude = fabsf(x);
  const float t = kGeluEnd < magnitude ? kGeluEnd : magnitude;  // NaN stays NaN
  float p = gelu_coefficient<8>();
  p = p * t + gelu_coefficient<7>();
  p = p * t + gelu_coefficient<6>();
  p = p * t + gelu_coefficient<5>();
  p = p * t + gelu_coefficient<4>();
  p = p * t + gelu_coefficient<3>();
  p = p * t + gelu_coefficient<2>();
  p = p * t + gelu_coefficient<1>();
  p = p * t + gelu_coefficient<0>();
  return fmaxf(x, 0.0f) - t * exp2_approx(t * p - 1.0f);
}

template <int i>
RERANKER_DEVICE float tanh_coefficient() {
  constexpr float kCoefficient = kTanhCoefficients[i];
  return kCoefficient;
}

RERANKER_DEVICE float tanh_of(float x) {
  const float t = fabsf(x);
  const float square = x * x;
  float p = tanh_coefficient<4>();
  p = p * square + tanh_coefficient<3>();
  p = p * square + tanh_coefficient<2>();
  p = p * square + tanh_coefficient<1>();
  p = p * square + tanh_coefficient<0>();
  const float large = 1.0f - divide_approx(2.0f, exp2_approx(2.0f * kernels::kLog2E * t) + 1.0f);
  return copysignf(t <= kTanhSmall ? t * (p * square) + t : large, x);
}

}  // namespace reranker::kernels::cuda
