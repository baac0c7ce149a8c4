#pragma once

#include "kernels/types.hpp"

// rotate: rows turned by a Hadamard matrix, so that a value far larger than its row's others is
// spread over many and 8 bits hold the row better (QuaRot, arXiv 2404.00456).
//
//   b    = rotation_block(dim), a power of 4; columns are turned b at a time
//   y[i] = (1 / sqrt(b)) * sum_j (-1)^popcount(i & j) * x[j]         i, j < b, within a block
//
// The matrix is orthogonal: a product of two rotated rows is the product of the rows, so weights
// are rotated once, at load, and activations just before they are quantized.
//
// Bits. x is multiplied by 1 / sqrt(b), a power of 2. Then, for h = 1, 2, 4, ..., b / 2 in order,
// every pair (u, v) = (y[i], y[i + h]), i & h = 0, becomes (u + v, u - v), each rounded once. With
// b = 1 rows stay as they are, infinities and NaN included.

namespace reranker::kernels {

/// The largest power of 4 that divides `dim`, and at most 256: larger ones cost more and spread
/// little better.
std::int64_t rotation_block(std::int64_t dim);

/// Runs on the calling thread, as packing does.
struct RotateRowsArgs {
  float* out;        // (num_rows, dim)
  const void* rows;  // (num_rows, dim) row-major, of `type`, widened exactly
  WeightType type;
  std::int64_t num_rows;
  std::int64_t dim;
};

}  // namespace reranker::kernels
