#pragma once

#include "kernels/types.hpp"

// quantize: rows of fp32 become rows of 8-bit codes with one scale a row, for linear_int8.hpp.
//
//   y           = rotate(x), as in rotate.hpp
//   m           = the largest of |y[t][0]|, |y[t][1]|, ... and kMinMagnitude
//   scales[t]   = m / 127
//   q[t][i]     = y[t][i] * (127 / m) to the nearest integer, ties to even   from -127 to 127
//   codes[t][i] = q[t][i] + 128                                              from 1 to 255
//
// so that y[t][i] is q[t][i] * scales[t] to half a scale. Codes are unsigned because the processor
// multiplies unsigned by signed bytes; linear_int8 takes the 128 away again, exactly.
//
// A row depends on itself alone. A row of zeros has codes of 128 and comes back as zeros. A row
// with an infinity or a NaN has an infinite or NaN scale, which shows in all that is made of it.
//
// rms_norm_quantize is rms_norm.hpp followed by quantize, without the norm being written.
//
// Bits. Division, product and the product's rounding are each rounded once. A NaN is larger than
// an infinity for m, and q is 0 where the product is NaN. Of rms_norm the bits are rms_norm's.

namespace reranker::kernels {

/// Rows whose values are all smaller than this keep an absolute error of 2^-108: smaller scales
/// would make 127 / m infinite.
constexpr float kMinMagnitude = 0x1p-100f;

/// Bytes from one row of `dim` codes to the next: dim and up to 63 more, written as codes of zero.
std::int64_t int8_stride(std::int64_t dim);

struct QuantizeArgs {
  std::uint8_t* codes;  // (num_tokens, int8_stride(dim))
  float* scales;        // (num_tokens)
  const float* x;       // (num_tokens, dim)
  std::int64_t num_tokens;
  std::int64_t dim;
};

struct RmsNormQuantizeArgs {
  std::uint8_t* codes;  // (num_tokens, int8_stride(dim))
  float* scales;        // (num_tokens)
  const float* x;       // (num_tokens, dim)
  const float* weight;  // (dim)
  std::int64_t num_tokens;
  std::int64_t dim;
  float eps;
};

}  // namespace reranker::kernels
