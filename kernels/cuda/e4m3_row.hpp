#pragma once

#include "kernels/cuda/row.hpp"

// Rows as e4m3, each with a scale of its own (rms_norm.hpp). For sm_89 and later.

namespace reranker::kernels::cuda {

constexpr float kLargestE4m3 = 448.0f;
/// Rows with nothing above it are rows of zeros.
constexpr float kNothing = 1e-30f;

/// Divides a row that lies over the block by its scale, and gives the scale.
template <int kVectors, int N>
RERANKER_DEVICE float divide_by_scale(float (&x)[kVectors][N], int threads, SharedAddress scratch) {
  float largest[1] = {};
#pragma unroll
  for (int j = 0; j < kVectors; ++j)
    for (int n = 0; n < N; ++n) largest[0] = larger(largest[0], fabsf(x[j][n]));
  combine_in_block<larger>(largest, threads, scratch);
  if (largest[0] < kNothing) return 1.0f;

  const float inverse = divide_approx(kLargestE4m3, largest[0]);
#pragma unroll
  for (int j = 0; j < kVectors; ++j)
    for (int n = 0; n < N; ++n) x[j][n] *= inverse;
  return largest[0] * (1.0f / kLargestE4m3);
}

}  // namespace reranker::kernels::cuda
