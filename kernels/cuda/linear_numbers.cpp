#include "kernels/cuda/linear_numbers.hpp"

#include <cstring>

namespace reranker::kernels::cuda {
namespace {

/// Bits of a number: those that are drawn, those that are set, and its sign.
struct Pattern {
  std::uint32_t drawn, set, sign;
};

/// The mantissa and three bits of the exponent are drawn: from 2^-7 to 2^0, and of e4m3, whose
/// lowest bit of the exponent stays 0 so that none is a NaN, from 2^-6 to 2^7.
Pattern pattern_of(Type type) {
  switch (type) {
    case Type::fp32: return {0x83ffffffu, 0x3c000000u, 0x80000000u};
    case Type::bf16: return {0x83ffu, 0x3c00u, 0x8000u};
    case Type::fp16: return {0x9fffu, 0x2000u, 0x8000u};
    case Type::e4m3: return {0xf7u, 0u, 0x80u};
  }
  return {};
}

}  // namespace

std::vector<std::uint8_t> mirrored_rows(Type type, std::int64_t num_rows, std::int64_t k,
                                        bool opposed, std::uint32_t seed) {
  const auto [drawn, set, sign] = pattern_of(type);
  const auto size = static_cast<std::size_t>(size_in_bytes(type));
  std::vector<std::uint8_t> rows(static_cast<std::size_t>(num_rows * k) * size);
  const auto put = [&](std::int64_t row, std::int64_t column, std::uint32_t bits) {
    std::memcpy(&rows[static_cast<std::size_t>(row * k + column) * size], &bits, size);
  };
  std::uint32_t state = seed;
  for (std::int64_t row = 0; row < num_rows; ++row)
    for (std::int64_t i = 0; i < (k + 1) / 2; ++i) {
      state = state * 1664525u + 1013904223u;  // Numerical Recipes
      const std::uint32_t bits = ((state ^ state >> 16) & drawn) | set;
      put(row, k - 1 - i, opposed ? bits ^ sign : bits);
      put(row, i, bits);
    }
  return rows;
}

}  // namespace reranker::kernels::cuda
