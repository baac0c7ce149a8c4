#pragma once

#include <utility>

#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/linear_layout.hpp"

// The product that linear_int8 is made of: a few rows of codes with one or two panels. What the
// processor does is behind `Isa`, a struct of
//
//   kRegisters        that a panel's 16 sums take
//   kRows, kPanels    of the largest tile whose sums stay in registers
//   kDwords           of columns, 4 each, that one call of dot takes
//   Ints              a register of 16 / kRegisters int32
//   zeros, load, store, add, broadcast (of one dword of codes)
//   dot               sums + products of codes and weights, 4 columns to an int32, modulo 2^32
//
// A sum fits again once its row's offset is taken away (kMaxInt8Columns).
//
// For linear_int8_<isa>.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

struct Int8Tile {
  const std::uint8_t* codes;  // for each 4 columns in order, the dwords of all rows of the tile
  const std::int8_t* panel;   // 64 bytes for each 4 columns
  std::int64_t panel_stride;  // bytes from one panel to the next
  std::int32_t* sums;         // (rows, 16)
  std::int64_t sums_stride;   // from the sums of one panel to those of the next
  bool add;                   // to what is in sums
  // The panels that come next: `next` and next + panel_stride are asked for little by little,
  // next_step bytes for each 4 columns.
  const char* next;
  std::int64_t next_step;
};

template <typename Isa, int Rows, int Panels>
void multiply_tile(const Int8Tile& t, std::int64_t dwords) {
  using Ints = typename Isa::Ints;
  constexpr int kRegisters = Isa::kRegisters;
  Ints sums[Rows][Panels * kRegisters];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Panels * kRegisters; ++v) sums[r][v] = Isa::zeros();

  const std::uint8_t* codes = t.codes;
  const std::int8_t* panel = t.panel;
  const char* next = t.next;
  for (std::int64_t d = 0; d < dwords; d += Isa::kDwords) {
    Ints weights[Panels * kRegisters][Isa::kDwords];
#pragma GCC unroll 4
    for (int v = 0; v < Panels * kRegisters; ++v)
#pragma GCC unroll 2
      for (int i = 0; i < Isa::kDwords; ++i)
        weights[v][i] = Isa::load(panel + v / kRegisters * t.panel_stride +
                                  v % kRegisters * (64 / kRegisters) + i * 64);
#pragma GCC unroll 2
    for (int i = 0; i < Isa::kDwords; ++i)
#pragma GCC unroll 2
      for (int p = 0; p < Panels; ++p)
        __builtin_prefetch(next + p * t.panel_stride + i * t.next_step, 0, 2);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      Ints x[Isa::kDwords];
#pragma GCC unroll 2
      for (int i = 0; i < Isa::kDwords; ++i) x[i] = Isa::broadcast(codes + (i * Rows + r) * 4);
#pragma GCC unroll 4
      for (int v = 0; v < Panels * kRegisters; ++v)
        sums[r][v] = Isa::dot(sums[r][v], x, weights[v]);
    }
    codes += Isa::kDwords * Rows * 4;
    panel += Isa::kDwords * 64;
    next += Isa::kDwords * t.next_step;
  }

  const bool add = t.add;
  std::int32_t* row = t.sums;
  const std::int64_t stride = t.sums_stride;
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Panels * kRegisters; ++v) {
      std::int32_t* to =
          row + v / kRegisters * stride + r * kPanel + v % kRegisters * (kPanel / kRegisters);
      Isa::store(to, add ? Isa::add(Isa::load(to), sums[r][v]) : sums[r][v]);
    }
}

using MultiplyTile = void (*)(const Int8Tile& tile, std::int64_t dwords);

template <int Count>
struct MultiplyTiles {
  MultiplyTile of_rows[Count];  // of_rows[r - 1] takes r rows
};

template <typename Isa, int Panels, int... Row>
constexpr MultiplyTiles<Isa::kRows> tiles_of_panels(std::integer_sequence<int, Row...>) {
  return {{multiply_tile<Isa, Row + 1, Panels>...}};
}

template <typename Isa>
MultiplyTile multiply_tile_of(std::int64_t rows, std::int64_t panels) {
  constexpr auto kRows = std::make_integer_sequence<int, Isa::kRows>{};
  static constexpr auto one = tiles_of_panels<Isa, 1>(kRows);
  static constexpr auto most = tiles_of_panels<Isa, Isa::kPanels>(kRows);
  return (panels == 1 ? one : most).of_rows[rows - 1];
}

}  // namespace
}  // namespace reranker::kernels
