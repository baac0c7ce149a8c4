#pragma once

#include <utility>

#include "kernels/cpu/bf16_outputs_avx512.hpp"
#include "kernels/cpu/vector_avx512_bf16.hpp"

// The product that linear_bf16 is made of: up to fourteen rows of x with two panels, each of the
// outputs one chain. Twenty-eight sums, two registers of panels and one broadcast pair are 31 of
// the 32 registers: more chains than the latency of vdpbf16ps asks for (two a cycle, six cycles on
// Zen 5), so that a step has few loads for its products.
//
// For linear_bf16_<isa>.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {

constexpr int kMaxTileRows = 14;

namespace {

struct Bf16Tile {
  const std::uint16_t* x;      // for each pair of columns in order, the dwords of all rows
  const std::uint16_t* panel;  // 32 words for each pair of columns
  std::int64_t panel_stride;   // words from one panel to the other
  float* sums;                 // (rows, 32)
  bool resume;                 // the chains that are in sums
  // The panels that come next: `next` and next + panel_stride words are asked for little by little,
  // next_step bytes for each pair of columns.
  const char* next;
  std::int64_t next_step;
  // Where the outputs of the first row will go and what will be added to them, n floats from one
  // row to the next: asked for as well, where `finishes` says that this ends the chains. A row's
  // lines of out are few and far from the next row's; no processor foresees them.
  const float* out;
  const float* residual;
  std::int64_t n;
  bool finishes;
};

template <int Rows>
void multiply_tile(const Bf16Tile& t, std::int64_t pairs) {
  Floats sums[Rows][2];
#pragma GCC unroll 14
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
    for (int p = 0; p < 2; ++p)
      sums[r][p] = t.resume ? load(t.sums + r * kPair + p * kPanel) : zeros();

  const std::uint16_t* x = t.x;
  const std::uint16_t* panel = t.panel;
  const std::int64_t panel_stride = t.panel_stride;
  const char* next = t.next;
  const std::int64_t rows_to_finish = t.finishes ? Rows : 0;
  for (std::int64_t i = 0; i < pairs; ++i) {
    const Pairs w[2] = {load_pairs(panel), load_pairs(panel + panel_stride)};
    __builtin_prefetch(next, 0, 2);
    __builtin_prefetch(next + panel_stride * 2, 0, 2);
    if (i < rows_to_finish) {
      __builtin_prefetch(t.out + i * t.n, 1, 2);
      __builtin_prefetch(t.out + i * t.n + kPair - 1, 1, 2);
      __builtin_prefetch(t.residual + i * t.n, 0, 2);
      __builtin_prefetch(t.residual + i * t.n + kPair - 1, 0, 2);
    }
#pragma GCC unroll 14
    for (int r = 0; r < Rows; ++r) {
      const Pairs row = fill_pairs(x + r * 2);
#pragma GCC unroll 2
      for (int p = 0; p < 2; ++p) sums[r][p] = add_pairs(sums[r][p], row, w[p]);
    }
    x += Rows * 2;
    panel += kPair;
    next += t.next_step;
  }

  float* to = t.sums;
#pragma GCC unroll 14
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
    for (int p = 0; p < 2; ++p) store(to + r * kPair + p * kPanel, sums[r][p]);
}

using MultiplyTile = void (*)(const Bf16Tile& tile, std::int64_t pairs);

struct MultiplyTiles {
  MultiplyTile of_rows[kMaxTileRows];  // of_rows[r - 1] takes r rows
};

template <int... Row>
constexpr MultiplyTiles all_tiles(std::integer_sequence<int, Row...>) {
  return {{multiply_tile<Row + 1>...}};
}

inline MultiplyTile multiply_tile_of(std::int64_t rows) {
  static constexpr auto tiles = all_tiles(std::make_integer_sequence<int, kMaxTileRows>{});
  return tiles.of_rows[rows - 1];
}

}  // namespace
}  // namespace reranker::kernels
