#pragma once

#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/vector_avx2.hpp"

// The product that linear and attention are made of: up to six rows of `a` with one panel of 16
// columns, each of the outputs one chain of fused multiply-adds. Twelve accumulators cover the
// latency of the two multipliers (4 cycles on Zen and on Intel); two registers of the panel and
// one broadcast element complete the sixteen that AVX2 has.

namespace reranker::kernels {
namespace {

inline constexpr int kMaxTileRows = 6;

/// A step of a panel: 16 floats. With FetchRows the rows of `a` that come next are asked for, too.
template <bool FetchRows>
struct Fp32Panel {
  using Element = float;
  static constexpr bool kFetchRows = FetchRows;
  static inline __m256 low(const float* step) { return _mm256_loadu_ps(step); }
  static inline __m256 high(const float* step) { return _mm256_loadu_ps(step + 8); }
};

/// A step of a panel: 8 dwords, columns 0..7 in the low and 8..15 in the high halves (linear.hpp).
struct Bf16Panel {
  using Element = std::uint16_t;
  static constexpr bool kFetchRows = true;
  static inline __m256i load(const std::uint16_t* step) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(step));
  }
  static inline __m256 low(const std::uint16_t* step) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(load(step), 16));
  }
  static inline __m256 high(const std::uint16_t* step) {
    const __m256i mask = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
    return _mm256_castsi256_ps(_mm256_and_si256(load(step), mask));
  }
};

/// What becomes of a tile's sums in `c`.
enum class Into { store, add, rescale };  // c = sum, c = c + sum, c = fma(c, factor of row, sum)

struct Tile {
  const float* a;  // rows of a, a_stride floats apart
  std::int64_t a_stride;
  float* c;  // rows of 16 floats, c_stride floats apart
  std::int64_t c_stride;
  const float* factors;  // (rows), for Into::rescale; any floats otherwise
  // The panel that comes next: next + i * next_step is asked for at step i, and so may be the rows
  // of `a` that do. Little by little: a burst of misses would hold up the product's own loads.
  const char* next;
  std::int64_t next_step;  // bytes
};

template <int Rows, typename Panel, Into into>
inline void multiply_rows(const Tile& t, const float* next_a, const typename Panel::Element* panel,
                          std::int64_t k) {
  __m256 low[Rows];
  __m256 high[Rows];
  const float* a[Rows];
  for (int r = 0; r < Rows; ++r) {
    low[r] = high[r] = _mm256_setzero_ps();
    a[r] = t.a + r * t.a_stride;
  }
  const char* next = t.next;
  const char* next_rows = reinterpret_cast<const char*>(next_a);
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < k; ++i) {
    _mm_prefetch(next, _MM_HINT_T1);
    next += t.next_step;
    if (Panel::kFetchRows) _mm_prefetch(next_rows + i * Rows * 4, _MM_HINT_T0);
    const __m256 w_low = Panel::low(panel + i * 16);
    const __m256 w_high = Panel::high(panel + i * 16);
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
      const __m256 x = _mm256_broadcast_ss(a[r] + i);
      low[r] = _mm256_fmadd_ps(x, w_low, low[r]);
      high[r] = _mm256_fmadd_ps(x, w_high, high[r]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    float* c = t.c + r * t.c_stride;
    if (into == Into::add) {
      low[r] = _mm256_add_ps(_mm256_loadu_ps(c), low[r]);
      high[r] = _mm256_add_ps(_mm256_loadu_ps(c + 8), high[r]);
    } else if (into == Into::rescale) {
      const __m256 factor = _mm256_broadcast_ss(t.factors + r);
      low[r] = _mm256_fmadd_ps(_mm256_loadu_ps(c), factor, low[r]);
      high[r] = _mm256_fmadd_ps(_mm256_loadu_ps(c + 8), factor, high[r]);
    }
    _mm256_storeu_ps(c, low[r]);
    _mm256_storeu_ps(c + 8, high[r]);
  }
}

template <typename Panel, Into into>
inline void multiply(int rows, const Tile& t, const float* next_a,
                     const typename Panel::Element* panel, std::int64_t k) {
  switch (rows) {
    case 1: return multiply_rows<1, Panel, into>(t, next_a, panel, k);
    case 2: return multiply_rows<2, Panel, into>(t, next_a, panel, k);
    case 3: return multiply_rows<3, Panel, into>(t, next_a, panel, k);
    case 4: return multiply_rows<4, Panel, into>(t, next_a, panel, k);
    case 5: return multiply_rows<5, Panel, into>(t, next_a, panel, k);
    default: return multiply_rows<6, Panel, into>(t, next_a, panel, k);
  }
}

inline Tiles tiles_of(std::int64_t rows) {
  return cut_into_tiles(rows, kMaxTileRows);
}

/// All rows of `t` with one panel, while `next_bytes` at t.next are asked for.
template <typename Panel, Into into>
inline void multiply_tiles(const Tiles& tiles, Tile t, const typename Panel::Element* panel,
                           std::int64_t k, std::int64_t next_bytes) {
  t.next_step = (next_bytes + tiles.count * k - 1) / (tiles.count * k);
  const float* const first = t.a;
  for (std::int64_t i = 0; i < tiles.count; ++i) {
    const int rows = static_cast<int>(tiles.rows(i));
    multiply<Panel, into>(rows, t, rows_to_come(tiles, i, t.a, t.a_stride, first), panel, k);
    t.a += rows * t.a_stride;
    t.c += rows * t.c_stride;
    t.factors += rows;
    t.next += k * t.next_step;
  }
}

}  // namespace
}  // namespace reranker::kernels
