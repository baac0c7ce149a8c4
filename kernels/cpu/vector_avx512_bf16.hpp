#pragma once

#include "kernels/cpu/math_avx512.hpp"

// Sixteen pairs of bf16 at a time: what <op>_avx512_bf16.cpp knows of the processor beside
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

/// The same as sixteen dwords of any meaning, to be moved and not to be computed with.
inline Floats load_dwords(const std::uint16_t* from) {
  return _mm512_castsi512_ps(load_pairs(from));
}
inline void store_dwords(std::uint16_t* to, Floats x) {
  _mm512_storeu_si512(to, _mm512_castps_si512(x));
}

/// Two times sixteen floats, rounded (round_bf16.hpp), as 32 words. The bits of a float are ordered
/// as floats are: one addition rounds and carries into the exponent, up to infinity.
inline void store_rounded(std::uint16_t* to, Floats low, Floats high) {
  const auto rounded = [](Floats x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_mask_or_epi32(_mm512_add_epi32(bits, half), nan, bits,
                                _mm512_set1_epi32(0x400000));
  };
  // Words 1, 3, ... 63 of the two: the upper halves.
  const __m512i steps = _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
                                         16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i upper = _mm512_add_epi16(_mm512_add_epi16(steps, steps), _mm512_set1_epi16(1));
  _mm512_storeu_si512(to, _mm512_permutex2var_epi16(rounded(low), upper, rounded(high)));
}

}  // namespace
}  // namespace reranker::kernels

#endif
