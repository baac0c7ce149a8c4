#include "cuda_on_host/numbers_host.hpp"

#include <algorithm>
#include <cmath>

namespace reranker::kernels::cuda::host {

namespace {

// |x| to a whole number of the step that numbers of `mantissa` bits have there, nearest even. The
// smallest normal number is 2^lowest.
float round_magnitude(float x, int mantissa, int lowest) {
  if (x == 0.0f) return 0.0f;
  const int exponent = std::max(std::ilogb(x), lowest);
  return std::ldexp(std::nearbyint(std::ldexp(x, mantissa - exponent)), exponent - mantissa);
}

// The bits of a magnitude that is exact in such numbers.
std::uint32_t magnitude_bits(float x, int mantissa, int lowest) {
  if (x == 0.0f) return 0;
  const int exponent = std::max(std::ilogb(x), lowest);
  const auto steps = static_cast<std::uint32_t>(std::ldexp(x, mantissa - exponent));
  return (static_cast<std::uint32_t>(exponent - lowest) << mantissa) + steps;
}

}  // namespace

std::uint16_t to_fp16(float x) {
  if (std::isnan(x)) return 0x7fff;
  const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000 : 0);
  if (std::fabs(x) >= 65520.0f) return sign | 0x7c00;
  return static_cast<std::uint16_t>(
      sign | magnitude_bits(round_magnitude(std::fabs(x), 10, -14), 10, -14));
}

std::uint8_t to_e4m3(float x) {
  if (std::isnan(x)) return 0x7f;
  const auto sign = static_cast<std::uint8_t>(std::signbit(x) ? 0x80 : 0);
  const float rounded = std::min(round_magnitude(std::min(std::fabs(x), 448.0f), 3, -6), 448.0f);
  return static_cast<std::uint8_t>(sign | magnitude_bits(rounded, 3, -6));
}

float from_e4m3(std::uint8_t bits) {
  const int exponent = bits >> 3 & 15;
  const int mantissa = bits & 7;
  if (exponent == 15 && mantissa == 7) return NAN;
  const float magnitude = exponent == 0
                              ? std::ldexp(static_cast<float>(mantissa), -9)
                              : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  return bits & 0x80 ? -magnitude : magnitude;
}

}  // namespace reranker::kernels::cuda::host
