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

/// The turns of h = 1 and 2.
inline __m256 turn_fours(__m256 x) {
  const float n = -0.0f;
  x = turned(x, _mm256_permute_ps(x, 0xb1), _mm256_setr_ps(0, n, 0, n, 0, n, 0, n));
  return turned(x, _mm256_permute_ps(x, 0x4e), _mm256_setr_ps(0, 0, n, n, 0, 0, n, n));
}

/// The low half of `a` and the low half of `b`; the high halves.
inline __m256 low_halves(__m256 a, __m256 b) {
  return _mm256_insertf128_ps(a, _mm256_castps256_ps128(b), 1);
}
inline __m256 high_halves(__m256 a, __m256 b) {
  return _mm256_blend_ps(b, _mm256_castps128_ps256(_mm256_extractf128_ps(a, 1)), 0x0f);
}

/// The turn of h = 4, two registers at a time: halves cost a slow shuffle each.
inline void turn_halves(__m256& a, __m256& b) {
  const __m256 u = low_halves(a, b);
  const __m256 v = high_halves(a, b);
  const __m256 sums = _mm256_add_ps(u, v);
  const __m256 differences = _mm256_sub_ps(u, v);
  a = low_halves(sums, differences);
  b = high_halves(sums, differences);
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

/// What turns registers that lie end to end, for blocks of so many columns; 64 are a part of 256.
template <int Block>
struct Turn {
  static constexpr int kRegisters = Block / 8;
  static inline void apply(__m256 (&x)[kRegisters]) {
    for (__m256& each : x) each = turn_fours(each);
    for (int i = 0; i < kRegisters; i += 2) turn_halves(x[i], x[i + 1]);
    turn_registers(x);
  }
};

template <>
struct Turn<4> {
  static constexpr int kRegisters = 1;
  static inline void apply(__m256 (&x)[1]) { x[0] = turn_fours(x[0]); }
};

template <>
struct Turn<1> {
  static constexpr int kRegisters = 1;
  static inline void apply(__m256 (&)[1]) {}
};

/// Columns [begin, end) of a row, from `row` times `factor` into y; `seen` is shown what is
/// written, zeros behind the row's end included.
template <int Block, typename Row, typename Seen>
inline void turn_columns(float* y, const Row& row, std::int64_t begin, std::int64_t end,
                         __m256 factor, Seen seen) {
  constexpr int kCount = Turn<Block>::kRegisters;
  for (std::int64_t i = begin; i < end; i += 8 * kCount) {
    __m256 x[kCount];
    for (int r = 0; r < kCount; ++r) x[r] = _mm256_mul_ps(row.at(i + 8 * r), factor);
    Turn<Block>::apply(x);
    for (int r = 0; r < kCount; ++r) {
      seen(x[r]);
      store_first(y + i + 8 * r, x[r], end - i - 8 * r);
    }
  }
}

/// The last turns of 256 columns whose quarters are turned: h = 64 and 128.
template <typename Seen>
inline void turn_quarters(float* y, Seen seen) {
  for (std::int64_t i = 0; i < 64; i += 8) {
    __m256 x[4];
    for (int r = 0; r < 4; ++r) x[r] = _mm256_loadu_ps(y + i + 64 * r);
    turn_registers(x);
    for (int r = 0; r < 4; ++r) {
      seen(x[r]);
      _mm256_storeu_ps(y + i + 64 * r, x[r]);
    }
  }
}

template <typename Row, typename Seen>
inline void turn_256(float* y, const Row& row, std::int64_t dim, __m256 factor, Seen seen) {
  for (std::int64_t at = 0; at < dim; at += 256) {
    turn_columns<64>(y, row, at, at + 256, factor, [](__m256) {});
    turn_quarters(y + at, seen);
  }
}

/// y = rotate(row): row.at(i) is eight of its values from i on, zeros behind its end. `seen` is
/// shown every register of y once.
template <typename Row, typename Seen>
inline void rotate_row(float* y, const Row& row, std::int64_t dim, Seen seen) {
  const std::int64_t block = rotation_block(dim);
  const __m256 factor = _mm256_set1_ps(rotation_scale(block));
  switch (block) {
    case 256: return turn_256(y, row, dim, factor, seen);
    case 64: return turn_columns<64>(y, row, 0, dim, factor, seen);
    case 16: return turn_columns<16>(y, row, 0, dim, factor, seen);
    case 4: return turn_columns<4>(y, row, 0, dim, factor, seen);
    default: return turn_columns<1>(y, row, 0, dim, factor, seen);
  }
}

}  // namespace
}  // namespace reranker::kernels
