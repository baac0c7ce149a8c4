#pragma once

#include <cmath>

#include "kernels/cuda/ptx.hpp"
#include "kernels/erf.hpp"
#include "kernels/exp.hpp"

// erf, tanh and gelu by the polynomials of kernels/erf.hpp, with the device's own 2^x: near what
// the CPU has, not its bits.

namespace reranker::kernels::cuda {

/// Both sides of erf go through one polynomial: no branch, and half the products.
template <int i>
RERANKER_DEVICE float erf_coefficient(bool is_small) {
  constexpr float kSmall = kErfCoefficients[i];
  constexpr float kLarge = kErfcCoefficients[i];
  return is_small ? kSmall : kLarge;
}

RERANKER_DEVICE float erf_of(float x) {
  const float magnitude = fabsf(x);
  const bool is_small = magnitude <= kErfSmall;
  const float t = kErfOne < magnitude ? kErfOne : magnitude;  // NaN stays NaN
  const float at = is_small ? x * x : t;
  float p = erf_coefficient<5>(is_small);
  p = p * at + erf_coefficient<4>(is_small);
  p = p * at + erf_coefficient<3>(is_small);
  p = p * at + erf_coefficient<2>(is_small);
  p = p * at + erf_coefficient<1>(is_small);
  p = p * at + erf_coefficient<0>(is_small);
  const float large = 1.0f - exp2_approx(kernels::kLog2E * (t * p - t));
  return is_small ? x * p + x : copysignf(large, x);
}

RERANKER_DEVICE float gelu(float x) {
  return (0.5f * x) * (1.0f + erf_of(x * kSqrtHalf));
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
