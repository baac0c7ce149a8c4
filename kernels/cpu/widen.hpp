#pragma once

#include <cstdint>
#include <cstring>

// Words of a checkpoint as floats, in plain C++. Everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

template <typename To, typename From>
inline To bits_of(From from) {
  static_assert(sizeof(To) == sizeof(From), "bits are copied");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

inline float widen_bf16(std::uint16_t x) {
  return bits_of<float>(std::uint32_t{x} << 16);
}

/// Exact. A signalling NaN becomes quiet, as the processor's own conversion makes it.
inline float widen_fp16(std::uint16_t x) {
  const std::uint32_t sign = std::uint32_t{x & 0x8000u} << 16;
  const std::uint32_t exponent = (x >> 10) & 0x1fu;
  const std::uint32_t mantissa = x & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 31) {
    const std::uint32_t quiet = mantissa != 0 ? 0x400000u : 0u;
    return bits_of<float>(sign | 0x7f800000u | quiet | (mantissa << 13));
  }
  return bits_of<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));  // 112 = 127 - 15
}

}  // namespace
}  // namespace reranker::kernels
