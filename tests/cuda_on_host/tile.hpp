#pragma once

#include <cstdint>

// Tiles in shared memory as a wgmma descriptor names them: 128-byte swizzle alone.

namespace reranker::kernels::cuda::host {

struct Tile {
  std::uint32_t start;    // shared address
  std::uint32_t leading;  // bytes, of mn-major tiles, to the next 64 numbers
  std::uint32_t stride;   // bytes to the next eight rows
  bool is_mn_major;       // a row of 128 bytes holds one k and 64 of the other index
};

/// Fails where the descriptor is none that swizzled_descriptor gives.
Tile decode_tile(std::uint64_t descriptor, bool is_mn_major);

/// The shared addresses of the 16-byte pieces of a tile of `rows` x 16: each holds eight numbers
/// along k (k-major; piece = row * 2 + k / 8) or along the row index (mn-major; piece = k * rows /
/// 8
/// + row / 8).
std::uint32_t piece_address(const Tile& tile, int rows, int piece);

/// (16, rows) numbers, widened.
void read_tile(float* to, const Tile& tile, int rows, bool is_bf16);

/// Fails unless every piece may be read by the wgmma of that warpgroup; then marks them as in use.
void claim_tile(const Tile& tile, int rows, int warpgroup);
/// They have been read at that clock of the warpgroup's wgmma.
void give_back_tile(const Tile& tile, int rows, int warpgroup, std::uint32_t clock);

}  // namespace reranker::kernels::cuda::host
