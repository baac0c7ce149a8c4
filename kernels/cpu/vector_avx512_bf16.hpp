#pragma once

#include "kernels/cpu/math_avx512.hpp"

// Sixteen pairs of bf16 at a time: what linear_bf16_avx512_bf16.cpp knows of the processor beside
// vector_avx512.hpp. Everything is local to the file that includes it.

#ifdef RERANKER_PORTABLE_VECTORS
#include "kernels/cpu/vector_bf16_portable.hpp"
#else

namespace reranker::kernels {
namespace {

using Pairs = __m512i;  // lane j: two words, the even column's in the low half

inline Pairs load_pairs(const std::uint16_t* from) {
  return _mm512_loadu_si512(from);
}
/// Every lane the two words at `from`.
inline Pairs fill_pairs(const std::uint16_t* from) {
  std::int32_t dword;
  __builtin_memcpy(&dword, from, sizeof dword);
  return _mm512_set1_epi32(dword);
}
/// y after the products of one more pair of columns: twice step() of linear_bf16.hpp.
inline Floats add_pairs(Floats y, Pairs x, Pairs w) {
  return _mm512_dpbf16_ps(y, reinterpret_cast<__m512bh>(x), reinterpret_cast<__m512bh>(w));
}

/// Sixteen pairs of each of four rows that lie `stride` words apart: for each pair its four dwords,
/// `step` words after those before.
inline void interleave_pairs(std::uint16_t* to, std::int64_t step, const std::uint16_t* from,
                             std::int64_t stride) {
  const Pairs rows_01 = _mm512_unpacklo_epi32(load_pairs(from), load_pairs(from + stride));
  const Pairs later_01 = _mm512_unpackhi_epi32(load_pairs(from), load_pairs(from + stride));
  from += 2 * stride;
  const Pairs rows_23 = _mm512_unpacklo_epi32(load_pairs(from), load_pairs(from + stride));
  const Pairs later_23 = _mm512_unpackhi_epi32(load_pairs(from), load_pairs(from + stride));
  // Quarter q of quads[c] is pair 4 q + c.
  const Pairs quads[4] = {
      _mm512_unpacklo_epi64(rows_01, rows_23), _mm512_unpackhi_epi64(rows_01, rows_23),
      _mm512_unpacklo_epi64(later_01, later_23), _mm512_unpackhi_epi64(later_01, later_23)};
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const auto store_quarter = [&](int pair, __m128i x) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + pair * step), x);
    };
    store_quarter(c, _mm512_castsi512_si128(quads[c]));
    store_quarter(4 + c, _mm512_extracti32x4_epi32(quads[c], 1));
    store_quarter(8 + c, _mm512_extracti32x4_epi32(quads[c], 2));
    store_quarter(12 + c, _mm512_extracti32x4_epi32(quads[c], 3));
  }
}

}  // namespace
}  // namespace reranker::kernels

#endif
