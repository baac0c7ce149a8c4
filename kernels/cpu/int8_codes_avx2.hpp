#pragma once

#include "kernels/cpu/vector_avx2.hpp"
#include "kernels/linear_int8.hpp"

// The arithmetic of int8_scalar.hpp, eight lanes at a time. For <op>_avx2.cpp only: everything is
// local to the file that includes it.

namespace reranker::kernels {
namespace {

/// Magnitudes are compared as integers, which order non-negative floats alike, and NaN above all.
inline __m256i larger_magnitudes(__m256i m, __m256 x) {
  const __m256i magnitude = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fffffff));
  return _mm256_max_epi32(m, magnitude);
}

inline __m256i least_magnitudes() {
  return _mm256_castps_si256(_mm256_set1_ps(kMinMagnitude));
}

inline float largest(__m256i magnitudes) {
  __m128i m =
      _mm_max_epi32(_mm256_castsi256_si128(magnitudes), _mm256_extracti128_si256(magnitudes, 1));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1));
  return _mm_cvtss_f32(_mm_castsi128_ps(m));
}

/// q of quantize.hpp, inverse = 127 / m.
inline __m256i quantized(__m256 x, __m256 inverse) {
  const __m256 product = _mm256_mul_ps(x, inverse);
  const __m256 number = _mm256_cmp_ps(product, product, _CMP_ORD_Q);
  return _mm256_cvtps_epi32(_mm256_and_ps(product, number));
}

/// 32 bytes in the order of their values, q[0] first. Packing joins halves of registers, hence the
/// permutation.
inline __m256i bytes_of(const __m256i (&q)[4]) {
  const __m256i bytes =
      _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

}  // namespace
}  // namespace reranker::kernels
