#pragma once

#include <immintrin.h>

#include "kernels/types.hpp"

// widen.hpp, eight words at a time. For <op>_avx2.cpp only: everything is local to the file that
// includes it.

namespace reranker::kernels {
namespace {

/// Elements i to i + 7 of a row of `type`.
inline __m256 widened(const void* row, WeightType type, std::int64_t i) {
  if (type == WeightType::fp32) return _mm256_loadu_ps(static_cast<const float*>(row) + i);
  const auto* words = static_cast<const std::uint16_t*>(row) + i;
  const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
  if (type == WeightType::fp16) return _mm256_cvtph_ps(eight);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(eight), 16));
}

}  // namespace
}  // namespace reranker::kernels
