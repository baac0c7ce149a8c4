#pragma once

#include <cstdint>
#include <cstring>

// 16-bit and 8-bit numbers, rounded to nearest even.

namespace reranker::kernels::cuda::host {

inline std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline float float_of(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

inline float from_bf16(std::uint16_t bits) {
  return float_of(std::uint32_t{bits} << 16);
}
inline std::uint16_t to_bf16(float x) {
  const std::uint32_t bits = bits_of(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

inline float from_fp16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t magnitude = bits & 0x7fffu;
  // An exponent that is 112 too low until the product mends it; denormals come out right.
  const std::uint32_t finite = bits_of(float_of(magnitude << 13) * 0x1p112f);
  const std::uint32_t value = magnitude >= 0x7c00u ? finite | 0x7f800000u : finite;
  return float_of(value | sign);
}
std::uint16_t to_fp16(float x);

float from_e4m3(std::uint8_t bits);
/// Beyond 448 to 448.
std::uint8_t to_e4m3(float x);

}  // namespace reranker::kernels::cuda::host
