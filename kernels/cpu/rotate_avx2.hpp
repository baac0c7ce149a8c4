#pragma once

#include "kernels/cpu/rotate_scalar.hpp"
#include "kernels/cpu/vector_avx2.hpp"

// rotate.hpp, eight lanes at a time. For <op>_avx2.cpp only, as vector_avx2.hpp.

namespace reranker::kernels {
namespace {

/// (u, v) of lanes `h` apart becomes (u + v, u - v); `other` has each lane's partner.
inline __m256 turned(__m256 x, __m256 other, __m256 minus) {
  return _mm256_add_ps(other, _mm256_xor_ps(x, minus));
}

/// The turns of h = 1, 2 and 4.
inline __m256 turn_lanes(__m256 x) {
  const float n = -0.0f;
  x = turned(x, _mm256_permute_ps(x, 0xb1), _mm256_setr_ps(0, n, 0, n, 0, n, 0, n));
  x = turned(x, _mm256_permute_ps(x, 0x4e), _mm256_setr_ps(0, 0, n, n, 0, 0, n, n));
  return turned(x, _mm256_permute2f128_ps(x, x, 1), _mm256_setr_ps(0, 0, 0, 0, n, n, n, n));
}

/// The turns of registers h apart, h = 1, 2, ..., Count / 2.
template <int Count>
inline void turn_registers(__m256 (&x)[Count]) {
  for (int h = 1; h < Count; h *= 2)
    for (int i = 0; i < Count; ++i)
      if ((i & h) == 0) {
        const __m256 u = x[i];
        x[i] = _mm256_add_ps(u, x[i + h]);
        x[i + h] = _mm256_sub_ps(u, x[i + h]);
      }
}

/// Registers `stride` floats apart.
template <int Count>
inline void turn_strided(float* y, std::int64_t stride) {
  __m256 x[Count];
  for (int i = 0; i < Count; ++i) x[i] = _mm256_loadu_ps(y + i * stride);
  turn_registers(x);
  for (int i = 0; i < Count; ++i) _mm256_storeu_ps(y + i * stride, x[i]);
}

inline void turn_64(float* y) {
  __m256 x[8];
  for (int i = 0; i < 8; ++i) x[i] = turn_lanes(_mm256_loadu_ps(y + 8 * i));
  turn_registers(x);
  for (int i = 0; i < 8; ++i) _mm256_storeu_ps(y + 8 * i, x[i]);
}

/// Turns a row in place; its values have the scale already.
inline void turn_row(float* y, std::int64_t dim) {
  const std::int64_t block = rotation_block(dim);
  for (std::int64_t at = 0; at < dim; at += block) {
    if (block < 64) {
      turn_block(y + at, block);
      continue;
    }
    for (std::int64_t i = 0; i < block; i += 64) turn_64(y + at + i);
    if (block == 256)
      for (std::int64_t i = 0; i < 64; i += 8) turn_strided<4>(y + at + i, 64);
  }
}

}  // namespace
}  // namespace reranker::kernels
