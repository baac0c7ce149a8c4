#pragma once

// AMX: eight tiles of up to sixteen rows of 64 bytes, and products of them. What <op>_amx.cpp
// knows of the processor; the same names in plain C++ are in tiles_portable.hpp. Everything is
// local to the file that includes it.
//
// Which tile is meant is part of an instruction, hence the template parameters.

#ifdef RERANKER_PORTABLE_VECTORS
#include "kernels/cpu/tiles_portable.hpp"
#else

#include <cstdint>

#include "kernels/cpu/tile_shapes.hpp"

namespace reranker::kernels {
namespace {

struct AmxTiles {
  /// All tiles are zeros then.
  static inline void configure(const TileShapes& shapes) {
    asm volatile("ldtilecfg %0" : : "m"(shapes));
  }
  /// The system saves no tiles of this thread any more.
  static inline void release() { asm volatile("tilerelease"); }

  template <int tile>
  static inline void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(tile));
  }
  /// Rows begin `stride` bytes apart.
  template <int tile>
  static inline void load(const void* from, std::int64_t stride) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "i"(tile), "r"(from), "r"(stride) : "memory");
  }
  template <int tile>
  static inline void store(void* to, std::int64_t stride) {
    asm volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "i"(tile), "r"(to), "r"(stride) : "memory");
  }

  /// sums[m][n] += codes[m][4 k + i] * weights[k][4 n + i], int32 of uint8 and int8, i < 4.
  template <int sums, int codes, int weights>
  static inline void multiply_codes() {
    asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(codes), "i"(weights));
  }
  /// The like with fp32 of bf16, i < 2: Bf16Sums::tiles of linear_bf16.hpp.
  template <int sums, int x, int weights>
  static inline void multiply_pairs() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(x), "i"(weights));
  }
};

}  // namespace
}  // namespace reranker::kernels

#endif
