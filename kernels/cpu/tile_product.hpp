#pragma once

#include "kernels/cpu/cuts.hpp"
#include "kernels/cpu/linear_layout.hpp"
#include "kernels/cpu/tile_shapes.hpp"

// The product that rows and weights come to over tiles (tiles_amx.hpp), bytes or bf16: up to 32
// rows by two panels are four tiles of sums, beside two of rows and two of weights. Rows and packed
// weights lie in memory as tiles have them: 64 bytes of a row, and those of a panel's 16 rows,
// which are 1 KiB in one piece. A task's rows stay in L2, a block of two panels in L1 while all
// rows pass by it.
//
// For <op>_amx.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

inline constexpr std::int64_t kTileBlock = 512;      // bytes of a row: 16 KiB of two panels
inline constexpr std::int64_t kTaskBytes = 1 << 20;  // of rows: half of a 2 MiB L2
inline constexpr std::int64_t kMaxTaskRows = 512;

/// Tiles whose product is that of bytes.
template <typename Tiles>
struct TilesOfCodes : Tiles {
  template <int sums, int x, int weights>
  static inline void multiply() {
    Tiles::template multiply_codes<sums, x, weights>();
  }
};

/// Of bf16.
template <typename Tiles>
struct TilesOfPairs : Tiles {
  template <int sums, int x, int weights>
  static inline void multiply() {
    Tiles::template multiply_pairs<sums, x, weights>();
  }
};

/// Rows of a task at the most, `row_bytes` each.
inline std::int64_t max_task_rows(std::int64_t row_bytes) {
  const std::int64_t fitting = kTaskBytes / row_bytes / (2 * kTileRows) * (2 * kTileRows);
  return smaller(kMaxTaskRows, larger(fitting, 2 * kTileRows));
}

struct TileProduct {
  const char* x;             // (count, row_bytes)
  std::int64_t row_bytes;    // a multiple of 64
  std::int64_t count;        // rows
  char* sums;                // of each row and panel sixteen of four bytes, at
  std::int64_t sums_stride;  // bytes from one row to the next, and
  std::int64_t sums_panel;   // from one panel to the other
};

// A block of columns of up to 32 rows with one or two panels.
struct TileBlock {
  const TileProduct& of;
  const char* x;
  char* sums;
  const char* panel;
  std::int64_t columns;  // in bytes of a row, a multiple of 64
  bool resume;           // the sums that are there

  // Where tile 2 r + p of sums is.
  char* sums_of(int tile) const {
    return sums + tile / 2 * kTileRows * of.sums_stride + tile % 2 * of.sums_panel;
  }
};

// Tile 2 r + p has the sums of 16 rows and a panel, 4 + r rows, 6 + p weights.
template <int panels>
TileShapes shapes_of(std::int64_t rows) {
  TileShapes shapes;
  const auto shape = [&](int tile, std::int64_t tile_rows) {
    shapes.rows[tile] = static_cast<std::uint8_t>(tile_rows);
    shapes.bytes[tile] = tile_rows > 0 ? kTileBytes : 0;
  };
  for (int r = 0; r < 2; ++r) {
    const std::int64_t of_tile = smaller(kTileRows, larger(0, rows - r * kTileRows));
    for (int p = 0; p < panels; ++p) shape(2 * r + p, of_tile);
    shape(4 + r, of_tile);
  }
  for (int p = 0; p < panels; ++p) shape(6 + p, kTileRows);
  return shapes;
}

template <typename Tiles, int tile>
void begin_sums(const TileBlock& b) {
  if (b.resume)
    Tiles::template load<tile>(b.sums_of(tile), b.of.sums_stride);
  else
    Tiles::template zero<tile>();
}

template <typename Tiles, int row_tiles, int panels>
void multiply_block(const TileBlock& b) {
  begin_sums<Tiles, 0>(b);
  if constexpr (panels == 2) begin_sums<Tiles, 1>(b);
  if constexpr (row_tiles == 2) begin_sums<Tiles, 2>(b);
  if constexpr (row_tiles == 2 && panels == 2) begin_sums<Tiles, 3>(b);
  for (std::int64_t i = 0; i < b.columns; i += kTileBytes) {
    const char* x = b.x + i;
    const char* weights = b.panel + i * kPanel;
    Tiles::template load<4>(x, b.of.row_bytes);
    Tiles::template load<6>(weights, kTileBytes);
    Tiles::template multiply<0, 4, 6>();
    if constexpr (panels == 2) {
      Tiles::template load<7>(weights + b.of.row_bytes * kPanel, kTileBytes);
      Tiles::template multiply<1, 4, 7>();
    }
    if constexpr (row_tiles == 2) {
      Tiles::template load<5>(x + kTileRows * b.of.row_bytes, b.of.row_bytes);
      Tiles::template multiply<2, 5, 6>();
    }
    if constexpr (row_tiles == 2 && panels == 2) Tiles::template multiply<3, 5, 7>();
  }
  const std::int64_t stride = b.of.sums_stride;
  Tiles::template store<0>(b.sums_of(0), stride);
  if constexpr (panels == 2) Tiles::template store<1>(b.sums_of(1), stride);
  if constexpr (row_tiles == 2) Tiles::template store<2>(b.sums_of(2), stride);
  if constexpr (row_tiles == 2 && panels == 2) Tiles::template store<3>(b.sums_of(3), stride);
}

// Tiles are filled, not cut evenly: one of a few rows takes as long as a whole one.
template <typename Tiles, int panels>
void multiply_all(const TileProduct& t, const char* panel) {
  std::int64_t shaped = 0;  // rows that the tiles have shapes for
  for (std::int64_t begin = 0; begin < t.row_bytes; begin += kTileBlock) {
    TileBlock block{t,
                    t.x + begin,
                    t.sums,
                    panel + begin * kPanel,
                    smaller(kTileBlock, t.row_bytes - begin),
                    begin > 0};
    for (std::int64_t row = 0; row < t.count; row += 2 * kTileRows) {
      const std::int64_t count = smaller(2 * kTileRows, t.count - row);
      if (count != shaped) Tiles::configure(shapes_of<panels>(count));
      shaped = count;
      (count > kTileRows ? multiply_block<Tiles, 2, panels>
                         : multiply_block<Tiles, 1, panels>)(block);
      block.x += count * t.row_bytes;
      block.sums += count * t.sums_stride;
    }
  }
}

/// Sums of all rows with the `panels`, one or two, at `panel`.
template <typename Tiles>
void multiply_panels(const TileProduct& t, const char* panel, std::int64_t panels) {
  (panels == 2 ? multiply_all<Tiles, 2> : multiply_all<Tiles, 1>)(t, panel);
}

}  // namespace
}  // namespace reranker::kernels
