#pragma once

#include <cmath>

#include "kernels/cpu/widen.hpp"
#include "kernels/types.hpp"

// The arithmetic of round_bf16.hpp and linear_bf16.hpp. For <op>_generic.cpp only, as scalar.hpp.

namespace reranker::kernels {
namespace {

inline std::uint16_t rounded_to_bf16(float x) {
  const auto bits = bits_of<std::uint32_t>(x);
  if (std::isnan(x)) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/// A word as vdpbf16ps reads it: denormals are zeros.
inline float flushed_bf16(std::uint16_t word) {
  return widen_bf16(static_cast<std::uint16_t>((word & 0x7f80u) != 0 ? word : word & 0x8000u));
}

/// step(a, b, c) of linear_bf16.hpp, a and b flushed bf16 and c no denormal.
inline float flushing_step(float a, float b, float c) {
  const float y = std::fma(a, b, c);
  if (!(std::fabs(y) <= 0x1p-126f)) return y;
  // 2^-126 (1 - 2^-25) and more is rounded to 2^-126. The sum's error is far below 2^-25 of that,
  // and a sum that is not that number differs from it by more: the product has 16 bits only.
  const double sum = static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c);
  return std::fabs(sum) < 0x1.ffffffp-127 ? std::copysign(0.0f, y) : y;
}

/// a + b rounded once, a zero of its sign where that is denormal, of a and b that are not.
inline float flushing_sum(float a, float b) {
  const float y = a + b;
  return std::fabs(y) < 0x1p-126f ? std::copysign(0.0f, y) : y;
}

/// `y` after one more pair of columns: x[0], x[1] with w[0], w[1].
inline float add_pair(float y, const std::uint16_t* x, const std::uint16_t* w) {
  y = flushing_step(flushed_bf16(x[1]), flushed_bf16(w[1]), y);
  return flushing_step(flushed_bf16(x[0]), flushed_bf16(w[0]), y);
}

}  // namespace
}  // namespace reranker::kernels
