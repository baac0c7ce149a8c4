#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "kernels/cpu/bf16_scalar.hpp"
#include "kernels/cpu/tile_shapes.hpp"

// The names of tiles_amx.hpp in plain C++, which see. They throw where the processor would raise an
// exception, and, stricter than it, where a tile is read that nothing was put into. For tests.

namespace reranker::kernels {
namespace {

/// As a register's integers are added.
inline std::int32_t wrapping_sum(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

class AmxTiles {
 public:
  static void configure(const TileShapes& shapes) {
    require(shapes.palette == 1 && shapes.start_row == 0);
    for (int t = kCount; t < 16; ++t) require(shapes.rows[t] == 0 && shapes.bytes[t] == 0);
    for (int t = 0; t < kCount; ++t) {
      require(shapes.rows[t] <= kTileRows && shapes.bytes[t] <= kTileBytes);
      require((shapes.rows[t] == 0) == (shapes.bytes[t] == 0));
      tiles[t] = {shapes.rows[t], shapes.bytes[t], false, {}};
    }
  }
  static void release() {
    for (Tile& tile : tiles) tile = {};
  }
  /// Of a task that is done: while tiles hold anything, a thread costs the system more.
  static void require_released() {
    for (const Tile& tile : tiles) require(tile.rows == 0);
  }

  template <int tile>
  static void zero() {
    Tile& t = configured(tile);
    std::memset(t.data, 0, sizeof t.data);
    t.filled = true;
  }
  template <int tile>
  static void load(const void* from, std::int64_t stride) {
    zero<tile>();
    Tile& t = tiles[tile];
    for (int r = 0; r < t.rows; ++r)
      std::memcpy(t.data[r], static_cast<const char*>(from) + r * stride,
                  static_cast<std::size_t>(t.bytes));
  }
  template <int tile>
  static void store(void* to, std::int64_t stride) {
    const Tile& t = filled(tile);
    for (int r = 0; r < t.rows; ++r)
      std::memcpy(static_cast<char*>(to) + r * stride, t.data[r],
                  static_cast<std::size_t>(t.bytes));
  }

  template <int sums, int codes, int weights>
  static void multiply_codes() {
    Tile& to = product(sums, codes, weights);
    for (int m = 0; m < to.rows; ++m)
      for (int n = 0; n < to.bytes / 4; ++n) {
        std::int32_t sum = to.at<std::int32_t>(m, n);
        for (int i = 0; i < tiles[codes].bytes; ++i)
          sum = wrapping_sum(sum, tiles[codes].at<std::uint8_t>(m, i) *
                                      tiles[weights].at<std::int8_t>(i / 4, 4 * n + i % 4));
        std::memcpy(to.data[m] + 4 * n, &sum, 4);
      }
  }

  template <int sums, int x, int weights>
  static void multiply_pairs() {
    Tile& to = product(sums, x, weights);
    for (int m = 0; m < to.rows; ++m)
      for (int n = 0; n < to.bytes / 4; ++n) {
        float partial[2] = {};
        for (int i = 0; i < tiles[x].bytes / 2; ++i)
          partial[i % 2] = flushing_step(
              flushed_bf16(tiles[x].at<std::uint16_t>(m, i)),
              flushed_bf16(tiles[weights].at<std::uint16_t>(i / 2, 2 * n + i % 2)), partial[i % 2]);
        const float sum = flushing_sum(to.at<float>(m, n), flushing_sum(partial[0], partial[1]));
        std::memcpy(to.data[m] + 4 * n, &sum, 4);
      }
  }

 private:
  static constexpr int kCount = 8;

  struct Tile {
    int rows;
    int bytes;
    bool filled;
    unsigned char data[kTileRows][kTileBytes];

    template <typename Element>
    Element at(int row, int column) const {
      Element x;
      std::memcpy(&x, data[row] + static_cast<std::size_t>(column) * sizeof x, sizeof x);
      return x;
    }
  };

  static void require(bool met) {
    if (!met) throw std::logic_error("tiles are used as the processor does not allow");
  }
  static Tile& configured(int tile) {
    require(tile >= 0 && tile < kCount && tiles[tile].rows > 0);
    return tiles[tile];
  }
  static Tile& filled(int tile) {
    require(configured(tile).filled);
    return tiles[tile];
  }
  /// Where the product of tiles a and b goes, whose shapes are to match.
  static Tile& product(int sums, int a, int b) {
    require(sums != a && sums != b && a != b);
    const Tile &to = filled(sums), &left = filled(a), &right = filled(b);
    require(to.bytes % 4 == 0 && left.rows == to.rows && right.bytes == to.bytes &&
            left.bytes == 4 * right.rows);
    return tiles[sums];
  }

  static inline thread_local Tile tiles[kCount];
};

}  // namespace
}  // namespace reranker::kernels
