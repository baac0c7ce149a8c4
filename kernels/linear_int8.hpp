#pragma once

#include "kernels/linear.hpp"
#include "kernels/quantize.hpp"

// linear_int8: a projection of 8-bit codes with 8-bit weights, with what follows it folded in.
//
//   s[t][j] = sum_i q[t][i] * w[j][i]                     exact, int32; q: quantize.hpp
//   y[t][j] = (float(s[t][j]) * scale_w[j]) * scale[t] + bias[j]    and then as in linear.hpp:
//
//   store      out[t][j] = y[t][j]                          out (num_tokens, n)
//   add        out[t][j] = y[t][j] + residual[t][j]         out (num_tokens, n)
//   gelu       out[t][j] = gelu(y[t][j])                    out (num_tokens, n), gelu: gelu.hpp
//   swiglu     out[t][j] = silu(y[t][j]) * y[t][n/2 + j]    out (num_tokens, n/2), silu: linear.hpp
//
// The codes of x are of rotated rows, so the rows of W are to be rotated too, by rotate_rows,
// before they are packed: then s stands for the product of the rows as they were.
//
// Weights become codes when they are packed. For a row of W, as in quantize.hpp:
//
//   m = the largest |W[j][i]|, and kMinMagnitude where that is larger, and with Int8Range::quads
//       kQuadRatio times the largest quad of the row
//   scale_w[j] = m / 127,  w[j][i] = W[j][i] * (127 / m) to the nearest integer, ties to even
//
// Bits. float(s) is rounded to nearest, every product and sum once. Integers have no order of
// summation, so an output has the same bits on every instruction set and depends on its own row of
// codes and of W alone. bf16 and fp16 weights are widened exactly.

namespace reranker::kernels {

/// Which weights a row may hold. More is more exact, less is faster without the instructions that
/// add products of bytes to int32 (vpdpbusd).
///
/// A quad of a row is the sum of its positive weights, or of its negative ones with their sign
/// turned, over columns 8 g + {0, 1, 4, 5} or 8 g + {2, 3, 6, 7}. Where no quad exceeds 128, four
/// products with codes of up to 255 stay within 255 * 128 = 32640, so that the saturating int16 of
/// vpmaddubsw, and the sum of two of them, never saturate whatever the codes are. The bound is on
/// four weights together: with bell-shaped weights about 70 of the 127 steps are left for the
/// largest, and the codes of x keep all of theirs.
enum class Int8Range : std::int32_t {
  full,   // -127 to 127
  quads,  // -127 to 127, and no quad of weights exceeds 128
};

/// 127 / 126: room for four roundings up, of half a step each, in a quad of 128. Bits: a quad is
/// ((p[0] + p[4]) + (p[1] + p[5])), or of columns 2, 3, 6 and 7, each sum rounded; then the
/// product.
constexpr float kQuadRatio = 127.0f / 126.0f;

/// Up to here s fits int32.
constexpr std::int64_t kMaxInt8Columns = 131072;

/// W as it is packed: once, at load. One form for every instruction set.
///
/// Packed weights are the panels of linear.hpp, 16 rows of W each and in the same order. A panel
/// holds, for each 4 columns in order, 16 dwords: dword j has the 4 codes of row j. Columns past k
/// and rows past the end are zeros. The scales of all rows, as the panels have them, come after the
/// panels, and after these, in int32, 128 times the sum of the weights of each row: what the 128 in
/// the codes of x adds to s.
struct LinearInt8Weights {
  LinearWeights shape;  // k <= kMaxInt8Columns
  Int8Range range;
};

/// Size of the packed form.
std::size_t packed_linear_int8_bytes(const LinearInt8Weights& weights);

/// As PackLinearArgs of linear.hpp: rows in any pieces, at the same time if disjoint.
struct PackLinearInt8Args {
  LinearInt8Weights weights;
  void* packed;      // packed_linear_int8_bytes(weights), aligned to kAlignment
  const void* rows;  // (num_rows, k) row-major, of weights.shape.type
  std::int64_t first_row;
  std::int64_t num_rows;
};

struct LinearInt8Args {
  LinearInt8Weights weights;
  const void* packed;         // aligned to kAlignment
  float* out;                 // not overlapping codes
  const std::uint8_t* codes;  // (num_tokens, int8_stride(k)), of quantize
  const float* scales;        // (num_tokens)
  const float* residual;      // (num_tokens, n), may be out; read by Epilogue::add alone
  std::int64_t num_tokens;
  Epilogue epilogue;
  const float* bias = nullptr;  // (n), or null for none; null with Epilogue::swiglu
};

}  // namespace reranker::kernels
