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

/// Where a row goes that lies over a block of that many threads.
struct E4m3Row {
  void* out;      // (num_rows, dim)
  float* scales;  // (num_rows)
  int row;
  int dim;
  int threads;
};

/// Stores a row and its scale. Uses the block's first kBlockScratch bytes of shared memory.
template <int kVectors>
RERANKER_DEVICE void store_e4m3_row(float (&x)[kVectors][8], const E4m3Row& to) {
  const float scale = divide_by_scale(x, to.threads, shared_memory());
  if (thread_index() == 0) store_global(to.scales + to.row, scale);
  void* out = row_at<E4m3>(to.out, to.row, to.dim);
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * to.threads;
    if (i < to.dim / 8) store_numbers<E4m3>(out, i, x[j]);
  }
}

}  // namespace reranker::kernels::cuda
