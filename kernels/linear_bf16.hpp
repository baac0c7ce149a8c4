#pragma once

#include "kernels/linear.hpp"
#include "kernels/round_bf16.hpp"

// linear_bf16: a projection of bf16 rows with bf16 weights, with what follows it folded in.
//
//   y[t][j] = sum_i x[t][i] * w[j][i] + bias[j]     x: round_bf16.hpp; and then as in linear.hpp:
//
//   store      out[t][j] = y[t][j]                          out (num_tokens, n)
//   add        out[t][j] = y[t][j] + residual[t][j]         out (num_tokens, n)
//   gelu       out[t][j] = gelu(y[t][j])                    out (num_tokens, n), gelu: gelu.hpp
//   swiglu     out[t][j] = silu(y[t][j]) * y[t][n/2 + j]    out (num_tokens, n/2), silu: linear.hpp
//
// bf16 weights are taken as they are. Those of fp16 and fp32 are rounded to bf16 when they are
// packed, as round_bf16 rounds: their results differ from linear.hpp's in the third digit.
//
// Bits. Bf16Sums::chain are those of vdpbf16ps, which rounds twice for each pair of columns, the
// odd one first. Over the bf16_stride(k) columns of x and w, those past k being zeros:
//
//   y = +0;  for i in order: y = step(x[2i+1], w[2i+1], y), then y = step(x[2i], w[2i], y)
//
//   step(a, b, c) = a * b + c, rounded once, to nearest, ties to even, with
//     a and b  zeros of their sign where they are denormal
//     result   a zero of its sign where it is below 2^-126 when rounded to 24 bits, whatever its
//              exponent: 2^-126 (1 - 2^-24) becomes 0, not 2^-126
//
// Bf16Sums::tiles are those of AMX's tdpbf16ps (Intel's manual, volume 2), over blocks of 32
// columns in order, with s(a, b) = a + b rounded once and flushed as step's result:
//
//   even = odd = +0;  for i in order: even = step(x[2i], w[2i], even)
//                                     odd = step(x[2i+1], w[2i+1], odd)
//   y = s(y, s(even, odd))
//
// The instructions ask no control register, so none of this can be switched off. The first is one
// chain over all of k, 8192 columns and more: its error is about a thousandth of what rounding to
// bf16 has cost before (tests/kernels/linear_bf16.cpp). Both may be interrupted, a chain anywhere
// and tiles between blocks, so that no blocking for caches shows in the bits. Bias and epilogue
// follow linear.hpp and flush nothing. An output depends on its own row of x and of W alone. Which
// NaN it is, is not defined.

namespace reranker::kernels {

/// How the products of an output are added.
enum class Bf16Sums : std::int32_t { chain, tiles };

/// Size of the packed form: once, at load. One form for every instruction set.
///
/// Packed weights are the panels of linear.hpp, 16 rows of W each and in the same order. A panel
/// holds, for each pair of the bf16_stride(k) columns in order, 16 dwords: dword j has the two
/// weights of row j, the even column's in its low half. Columns past k and rows past the end are
/// zeros.
std::size_t packed_linear_bf16_bytes(const LinearWeights& weights);

/// As PackLinearArgs of linear.hpp: rows in any pieces, at the same time if disjoint.
struct PackLinearBf16Args {
  LinearWeights weights;
  void* packed;      // packed_linear_bf16_bytes(weights), aligned to kAlignment
  const void* rows;  // (num_rows, k) row-major, of weights.type
  std::int64_t first_row;
  std::int64_t num_rows;
};

struct LinearBf16Args {
  LinearWeights weights;
  const void* packed;      // aligned to kAlignment
  float* out;              // not overlapping x
  const std::uint16_t* x;  // (num_tokens, bf16_stride(k)), of round_bf16
  const float* residual;   // (num_tokens, n), may be out; read by Epilogue::add alone
  std::int64_t num_tokens;
  Epilogue epilogue;
  const float* bias = nullptr;  // (n), or null for none; null with Epilogue::swiglu
};

}  // namespace reranker::kernels
