#pragma once

#include <emmintrin.h>

#include <cstdint>

// For linear_int8_<isa>.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

/// For each 4 of `columns` codes, a multiple of 16, the dwords of four rows that lie `stride` bytes
/// apart: 16 bytes, `step` bytes after those before.
inline void interleave_four_rows(std::uint8_t* to, std::int64_t step, const std::uint8_t* from,
                                 std::int64_t stride, std::int64_t columns) {
  const auto load = [&](std::int64_t row, std::int64_t i) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + row * stride + i));
  };
  const auto store = [&](__m128i x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), x);
    to += step;
  };
  for (std::int64_t i = 0; i < columns; i += 16) {
    const __m128i rows_01 = _mm_unpacklo_epi32(load(0, i), load(1, i));
    const __m128i rows_23 = _mm_unpacklo_epi32(load(2, i), load(3, i));
    store(_mm_unpacklo_epi64(rows_01, rows_23));
    store(_mm_unpackhi_epi64(rows_01, rows_23));
    const __m128i later_01 = _mm_unpackhi_epi32(load(0, i), load(1, i));
    const __m128i later_23 = _mm_unpackhi_epi32(load(2, i), load(3, i));
    store(_mm_unpacklo_epi64(later_01, later_23));
    store(_mm_unpackhi_epi64(later_01, later_23));
  }
}

}  // namespace
}  // namespace reranker::kernels
