#pragma once

#include <immintrin.h>

// The rounding of round_bf16.hpp. For <op>_avx2.cpp only: everything is local to the file that
// includes it.

namespace reranker::kernels {
namespace {

/// Eight bf16 in the low halves of dwords. The bits of a float are ordered as the floats are, so
/// that one addition rounds and carries into the exponent, up to infinity.
inline __m256i rounded_dwords(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i half = _mm256_add_epi32(_mm256_set1_epi32(0x7fff), odd);
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256 sum = _mm256_castsi256_ps(_mm256_add_epi32(bits, half));
  const __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
  const __m256 chosen = _mm256_blendv_ps(sum, _mm256_castsi256_ps(quiet), nan);
  return _mm256_srli_epi32(_mm256_castps_si256(chosen), 16);
}

/// Sixteen bf16 in the order of their values. Packing joins halves of registers.
inline __m256i rounded_words(__m256 low, __m256 high) {
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(rounded_dwords(low), rounded_dwords(high)),
                                  0xd8);
}

}  // namespace
}  // namespace reranker::kernels
