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

/// The same as sixteen dwords of any meaning, to be moved and not to be computed with.
inline Floats load_dwords(const std::uint16_t* from) {
  return _mm512_castsi512_ps(load_pairs(from));
}
inline void store_dwords(std::uint16_t* to, Floats x) {
  _mm512_storeu_si512(to, _mm512_castps_si512(x));
}

}  // namespace
}  // namespace reranker::kernels

#endif
