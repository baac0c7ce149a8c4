#pragma once

#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/math_avx512.hpp"

// The product that linear and attention are made of: up to fourteen rows of `a` with one or two
// panels of 16 columns, each of the outputs one chain of fused multiply-adds. Twenty-eight sums,
// two registers of panels, one broadcast element and the order of a bf16 panel's bytes are the
// thirty-two registers of AVX-512. A step of R rows and two panels has 2 R multiplications and
// R + 2 loads: with two of each in a cycle, loads wait for multiplications and not the other way.

namespace reranker::kernels {

constexpr int kMaxTileRows = 14;

namespace {

/// What a panel and the rows of `a` are made of, 16 elements and one element a step. With FetchRows
/// the rows that come next are asked for, too.
template <bool FetchRows>
struct Fp32Panel {
  using Element = float;
  using Step = Floats;
  static constexpr bool kFetchRows = FetchRows;
  static inline Step step(const float* from) { return load(from); }
  static inline Step fill(const float* a) { return kernels::fill(*a); }
  static inline Floats add(Floats sum, Step a, Step b) { return fma(a, b, sum); }
};

struct Bf16Panel : Fp32Panel<true> {
  using Element = std::uint16_t;
  static inline Step step(const std::uint16_t* from) { return widen_panel(from); }
};

/// What becomes of a tile's sums in `c`.
enum class Into { store, add, rescale };  // c = sum, c = c + sum, c = fma(c, factor of row, sum)

struct Tile {
  const float* a;  // rows of a, a_stride floats apart
  std::int64_t a_stride;
  float* c;  // rows of 16 floats for each panel, c_stride floats apart
  std::int64_t c_stride;
  std::int64_t b_stride;  // elements from one panel to the other
  Into into;
  const float* factors;  // (rows), for Into::rescale; any floats otherwise
  // The panels that come next: next + i * next_step is asked for at step i, and so may be the rows
  // of `a` that do. Little by little: a burst of misses would hold up the product's own loads.
  const char* next;
  std::int64_t next_step;  // bytes
};

inline void prefetch_to_l1(const void* at) {
  __builtin_prefetch(at, 0, 3);
}
inline void prefetch_to_l2(const void* at) {
  __builtin_prefetch(at, 0, 2);
}

template <int Rows, int Panels>
inline void finish_tile(const Tile& tile, Floats (&sums)[Rows][Panels]) {
  const Tile t = tile;  // a copy, which stores into c cannot change
#pragma GCC unroll 14
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
    for (int p = 0; p < Panels; ++p) {
      float* c = t.c + r * t.c_stride + p * kNumPartials;
      Floats sum = sums[r][p];
      if (t.into == Into::add) sum = add(load(c), sum);
      if (t.into == Into::rescale) sum = fma(load(c), fill(t.factors[r]), sum);
      store(c, sum);
    }
}

template <int Rows, int Panels, typename Panel>
inline void multiply_rows(const Tile& t, const float* next_a, const typename Panel::Element* b,
                          std::int64_t k) {
  constexpr auto kBytes = static_cast<std::int64_t>(sizeof(typename Panel::Element));
  Floats sums[Rows][Panels];
  for (int r = 0; r < Rows; ++r)
    for (int p = 0; p < Panels; ++p) sums[r][p] = zeros();
  const std::int64_t a_stride = t.a_stride;
  const float* a[(Rows + 2) / 3];
  for (int g = 0; g * 3 < Rows; ++g) a[g] = t.a + g * 3 * a_stride;
  const char* next = t.next;
  const char* next_rows = reinterpret_cast<const char*>(next_a);
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < k; ++i) {
    for (int p = 0; p < Panels; ++p) prefetch_to_l2(next + p * t.b_stride * kBytes);
    next += t.next_step;
    if (Panel::kFetchRows) prefetch_to_l1(next_rows + i * Rows * 4);
    typename Panel::Step w[Panels];
    for (int p = 0; p < Panels; ++p) w[p] = Panel::step(b + p * t.b_stride + i * kNumPartials);
#pragma GCC unroll 14
    for (int r = 0; r < Rows; ++r) {
      const auto x = Panel::fill(a[r / 3] + r % 3 * a_stride + i);
#pragma GCC unroll 2
      for (int p = 0; p < Panels; ++p) sums[r][p] = Panel::add(sums[r][p], x, w[p]);
    }
  }
  finish_tile(t, sums);
}

/// multiply_rows of as many rows as are asked for.
template <int Panels, typename Panel, int Rows = kMaxTileRows>
inline void multiply(int rows, const Tile& t, const float* next_a, const typename Panel::Element* b,
                     std::int64_t k) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return multiply<Panels, Panel, Rows - 1>(rows, t, next_a, b, k);
  }
  multiply_rows<Rows, Panels, Panel>(t, next_a, b, k);
}

inline Tiles tiles_of(std::int64_t rows) {
  return cut_into_tiles(rows, kMaxTileRows);
}

/// All rows of `t` with one or two panels, while `next_bytes` at t.next and as many beside the
/// first ones are asked for.
template <int Panels, typename Panel>
inline void multiply_tiles(const Tiles& tiles, Tile t, const typename Panel::Element* b,
                           std::int64_t k, std::int64_t next_bytes) {
  t.next_step = (next_bytes + tiles.count * k - 1) / (tiles.count * k);
  const float* const first = t.a;
  for (std::int64_t i = 0; i < tiles.count; ++i) {
    const int rows = static_cast<int>(tiles.rows(i));
    multiply<Panels, Panel>(rows, t, rows_to_come(tiles, i, t.a, t.a_stride, first), b, k);
    t.a += rows * t.a_stride;
    t.c += rows * t.c_stride;
    t.factors += rows;
    t.next += k * t.next_step;
  }
}

}  // namespace
}  // namespace reranker::kernels
