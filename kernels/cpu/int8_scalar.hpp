#pragma once

#include "kernels/cpu/scalar.hpp"
#include "kernels/linear_int8.hpp"

// The arithmetic of quantize.hpp. For <op>_generic.cpp only, as scalar.hpp.

namespace reranker::kernels {
namespace {

inline constexpr std::uint8_t kZeroCode = 128;

/// The larger of m and |x|; a NaN is larger than all. m >= 0.
inline float larger_magnitude(float m, float x) {
  const std::uint32_t magnitude = bits_of<std::uint32_t>(x) & 0x7fffffffu;
  const std::uint32_t before = bits_of<std::uint32_t>(m);
  return bits_of<float>(magnitude > before ? magnitude : before);
}

/// q of quantize.hpp, inverse = 127 / m.
inline int quantized(float x, float inverse) {
  const float product = x * inverse;
  return std::isnan(product) ? 0 : static_cast<int>(std::nearbyint(product));
}

inline float widen(const void* row, WeightType type, std::int64_t i) {
  if (type == WeightType::fp32) return static_cast<const float*>(row)[i];
  const std::uint16_t word = static_cast<const std::uint16_t*>(row)[i];
  return type == WeightType::bf16 ? widen_bf16(word) : widen_fp16(word);
}

}  // namespace
}  // namespace reranker::kernels
