#pragma once

#include <immintrin.h>

// For <op>_avx2.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

/// Rows become columns. Dwords of any meaning.
inline void transpose_8x8(__m256i (&m)[8]) {
  __m256i pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_epi32(m[i], m[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_epi32(m[i], m[i + 1]);
  }
  __m256i quads[8];
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; ++j) {
      quads[i + 2 * j] = _mm256_unpacklo_epi64(pairs[i + j], pairs[i + j + 2]);
      quads[i + 2 * j + 1] = _mm256_unpackhi_epi64(pairs[i + j], pairs[i + j + 2]);
    }
  for (int i = 0; i < 4; ++i) {
    m[i] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x20);
    m[i + 4] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x31);
  }
}

}  // namespace
}  // namespace reranker::kernels
