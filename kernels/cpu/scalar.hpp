#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/cpu/widen.hpp"
#include "kernels/exp.hpp"
#include "kernels/gelu.hpp"
#include "kernels/sums.hpp"
#include "kernels/types.hpp"

// The arithmetic that the generic kernels share. For <op>_generic.cpp only: everything is local to
// the file that includes it, so that no copy compiled elsewhere can take its place.

namespace reranker::kernels {
namespace {

inline float exp_of(float x) {  // exp.hpp
  if (x < kExpMin) return 0.0f;
  if (!(x <= kExpMax)) return x + std::numeric_limits<float>::infinity();  // NaN stays NaN
  const float shifted = std::fma(x, kLog2E, kExpRound);
  const float n = shifted - kExpRound;
  float r = std::fma(-n, kLn2High, x);
  r = std::fma(-n, kLn2Low, r);
  float p = kExpCoefficients[4];
  for (int i = 3; i >= 0; --i) p = std::fma(p, r, kExpCoefficients[i]);
  p = std::fma(p, r, 1.0f);
  p = std::fma(p, r, 1.0f);
  return bits_of<float>(bits_of<std::uint32_t>(p) + (bits_of<std::uint32_t>(shifted) << 23));
}

inline float exp2_of(float x) {  // exp.hpp, x <= 0
  if (x < kExp2Min) return 0.0f;
  const float shifted = x + kExp2Round;
  const float r = x - (shifted - kExp2Round);
  float p = kExp2Coefficients[5];
  for (int i = 4; i >= 0; --i) p = std::fma(p, r, kExp2Coefficients[i]);
  p = std::fma(p, r, 1.0f);
  return p * bits_of<float>(bits_of<std::uint32_t>(shifted) << 23);
}

inline float gelu_of(float x) {  // gelu.hpp
  const float magnitude = std::fabs(x);
  const float t = kGeluEnd < magnitude ? kGeluEnd : magnitude;  // NaN stays NaN
  float p = kGeluCoefficients[8];
  for (int i = 7; i >= 0; --i) p = std::fma(p, t, kGeluCoefficients[i]);
  return std::fma(-t, exp2_of(std::fma(t, p, -1.0f)), x > 0.0f ? x : 0.0f);
}

inline float tanh_of(float x) {  // gelu.hpp
  const float t = std::fabs(x);
  if (t > kTanhSmall) return std::copysign(1.0f - 2.0f / (exp_of(t + t) + 1.0f), x);
  const float square = t * t;
  float p = kTanhCoefficients[4];
  for (int i = 3; i >= 0; --i) p = std::fma(p, square, kTanhCoefficients[i]);
  return std::copysign(std::fma(t, p * square, t), x);  // NaN stays NaN
}

inline float silu_of(float x) {
  return x / (1.0f + exp_of(-x));
}

/// The tree of sums.hpp.
inline float tree_sum(const float (&partials)[kNumPartials]) {
  float p[kNumPartials];
  for (int j = 0; j < kNumPartials; ++j) p[j] = partials[j];
  for (int width = kNumPartials / 2; width > 0; width /= 2)
    for (int j = 0; j < width; ++j) p[j] += p[j + width];
  return p[0];
}

/// 1 / sqrt(mean x^2 + eps) of a row of x (rms_norm.hpp).
inline float inverse_rms(const float* x, std::int64_t dim, float eps) {
  float p[kNumPartials] = {};
  for (std::int64_t i = 0; i < dim; ++i)
    p[i % kNumPartials] = std::fma(x[i], x[i], p[i % kNumPartials]);
  return 1.0f / std::sqrt(tree_sum(p) / static_cast<float>(dim) + eps);
}

}  // namespace
}  // namespace reranker::kernels
