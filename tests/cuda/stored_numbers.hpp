#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/cuda/types.hpp"

// Numbers of every type as bytes, by the definitions of the formats and apart from the kernels'.

namespace reranker::kernels::cuda::test {

using Bytes = std::vector<unsigned char>;
using Numbers = std::vector<double>;

/// Uniform in [-scale, scale), the same on every platform.
inline Numbers random_numbers(std::int64_t count, unsigned seed, double scale = 1.0) {
  std::mt19937 random(seed);
  Numbers x(static_cast<std::size_t>(count));
  for (double& v : x) v = scale * (static_cast<double>(random() >> 8) * 0x1p-23 - 1.0);
  return x;
}

/// The nearest number with `mantissa` bits of fraction, ties to even, no exponent below `lowest`.
inline double rounded(double x, int mantissa, int lowest) {
  if (x == 0.0 || !std::isfinite(x)) return x;
  const int unit = std::max(std::ilogb(x), lowest) - mantissa;
  return std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
}

inline double rounded(double x, Type type) {
  switch (type) {
    case Type::fp32: return static_cast<float>(x);
    case Type::bf16: return rounded(x, 7, -126);
    case Type::fp16: return rounded(x, 10, -14);
    case Type::e4m3: return rounded(std::clamp(x, -448.0, 448.0), 3, -6);
  }
  return x;
}

/// Sign, exponent and mantissa bits of a number that the format has; NaN as all ones.
inline std::uint32_t to_bits(double x, int exponent_bits, int mantissa_bits) {
  const std::uint32_t sign = std::signbit(x) ? 1u << (exponent_bits + mantissa_bits) : 0u;
  if (std::isnan(x)) return (1u << (exponent_bits + mantissa_bits)) - 1;
  const int lowest = 2 - (1 << (exponent_bits - 1));
  const int exponent = x == 0.0 ? lowest : std::max(std::ilogb(x), lowest);
  const auto units = static_cast<std::uint32_t>(std::ldexp(std::fabs(x), mantissa_bits - exponent));
  return sign | ((static_cast<std::uint32_t>(exponent - lowest) << mantissa_bits) + units);
}

inline double from_bits(std::uint32_t bits, int exponent_bits, int mantissa_bits,
                        bool has_infinity) {
  const std::uint32_t largest = (1u << exponent_bits) - 1;
  const std::uint32_t exponent = bits >> mantissa_bits & largest;
  const std::uint32_t mantissa = bits & ((1u << mantissa_bits) - 1);
  const bool negative = (bits >> (exponent_bits + mantissa_bits)) & 1;
  if (exponent == largest && (has_infinity || mantissa == (1u << mantissa_bits) - 1))
    return has_infinity && mantissa == 0 ? (negative ? -HUGE_VAL : HUGE_VAL) : NAN;
  const int lowest = 2 - (1 << (exponent_bits - 1));
  const double units = exponent == 0 ? mantissa : mantissa + (1u << mantissa_bits);
  const int unit = lowest + std::max(static_cast<int>(exponent) - 1, 0) - mantissa_bits;
  return std::ldexp(negative ? -units : units, unit);
}

/// Rounds to the type.
inline Bytes store(const Numbers& numbers, Type type) {
  const auto size = static_cast<std::size_t>(size_in_bytes(type));
  Bytes bytes(numbers.size() * size);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double x = rounded(numbers[i], type);
    const auto number = static_cast<float>(x);
    std::uint32_t bits = 0;  // little endian
    switch (type) {
      case Type::fp32: std::memcpy(&bits, &number, 4); break;
      case Type::bf16: bits = to_bits(x, 8, 7); break;
      case Type::fp16: bits = to_bits(x, 5, 10); break;
      case Type::e4m3: bits = to_bits(x, 4, 3); break;
    }
    std::memcpy(&bytes[i * size], &bits, size);
  }
  return bytes;
}

inline Numbers load(const Bytes& bytes, Type type) {
  const auto size = static_cast<std::size_t>(size_in_bytes(type));
  Numbers numbers(bytes.size() / size);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &bytes[i * size], size);
    float number;
    std::memcpy(&number, &bits, 4);
    switch (type) {
      case Type::fp32: numbers[i] = number; break;
      case Type::bf16: numbers[i] = from_bits(bits, 8, 7, true); break;
      case Type::fp16: numbers[i] = from_bits(bits, 5, 10, true); break;
      case Type::e4m3: numbers[i] = from_bits(bits, 4, 3, false); break;
    }
  }
  return numbers;
}

inline Numbers rounded(const Numbers& numbers, Type type) {
  return load(store(numbers, type), type);
}

/// |found - expected| / |expected|, in norms; NaN if any number is.
inline double relative_error(const Numbers& found, const Numbers& expected) {
  double difference = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return size == 0.0 ? std::sqrt(difference) : std::sqrt(difference / size);
}

/// What one rounding to the type and fp32 sums may cost.
inline double tolerance(Type type) {
  switch (type) {
    case Type::fp32: return 1e-5;
    case Type::bf16: return 3e-3;
    case Type::fp16: return 5e-4;
    case Type::e4m3: return 4e-2;
  }
  return 0.0;
}

/// Row `row` of rows that wide.
inline Bytes row_of(const Bytes& rows, std::int64_t row, std::int64_t row_bytes) {
  return {rows.begin() + row * row_bytes, rows.begin() + (row + 1) * row_bytes};
}
inline Numbers row_of(const Numbers& rows, std::int64_t row, std::int64_t width) {
  return {rows.begin() + row * width, rows.begin() + (row + 1) * width};
}

/// Five rows of which the second and the fourth are NaN.
inline Numbers with_nan_rows(Numbers x, std::int64_t width) {
  for (const std::int64_t row : {1, 3})
    std::fill_n(x.begin() + row * width, width, std::numeric_limits<double>::quiet_NaN());
  return x;
}

}  // namespace reranker::kernels::cuda::test
