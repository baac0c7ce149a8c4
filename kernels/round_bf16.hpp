#pragma once

#include "kernels/types.hpp"

// round_bf16: rows of fp32 become rows of bf16, for linear_bf16.hpp.
//
//   y[t][i] = x[t][i] to the nearest bf16, ties to the even one
//
// Magnitudes from 2^128 - 2^119 on, half a step above the largest bf16, become infinite;
// infinities stay. A NaN becomes quiet and keeps its sign and the upper bits of its payload.
// Denormals are rounded like all others, though linear_bf16 takes them for zeros.
//
// rms_norm_bf16 is rms_norm.hpp followed by round_bf16, without y of rms_norm being written.
//
// Bits. The rounding above; of rms_norm the bits are rms_norm's. A row depends on itself alone.

namespace reranker::kernels {

/// Words from one row of `dim` to the next: dim and up to 31 more, written as zeros. Rows of that
/// many begin at a cache line if the first one does.
std::int64_t bf16_stride(std::int64_t dim);

struct RoundBf16Args {
  std::uint16_t* y;  // (num_tokens, bf16_stride(dim))
  const float* x;    // (num_tokens, dim)
  std::int64_t num_tokens;
  std::int64_t dim;
};

struct RmsNormBf16Args {
  std::uint16_t* y;     // (num_tokens, bf16_stride(dim))
  const float* x;       // (num_tokens, dim)
  const float* weight;  // (dim)
  std::int64_t num_tokens;
  std::int64_t dim;
  float eps;
};

}  // namespace reranker::kernels
