#pragma once

#include "kernels/types.hpp"

// linear: a projection, with what follows it folded in.
//
//   y[t][j] = sum_i x[t][i] * W[j][i] + bias[j]        t < num_tokens, j < n, i < k
//
//   store      out[t][j] = y[t][j]                          out (num_tokens, n)
//   add        out[t][j] = y[t][j] + residual[t][j]         out (num_tokens, n)
//   gelu       out[t][j] = gelu(y[t][j])                    out (num_tokens, n), gelu: gelu.hpp
//   swiglu     out[t][j] = silu(y[t][j]) * y[t][n/2 + j]    out (num_tokens, n/2), silu below
//
// Bits. k is cut into linear_num_blocks(k) blocks of linear_block(k) elements, the last one
// shorter. Inside a block an output is one chain of fused multiply-adds in the order of i, begun
// at +0; the blocks' results are added in order, one rounding each; the bias, if there
// is one, comes next and the epilogue last.
// silu(g) = g / (1 + exp(-g)); its exp (exp.hpp), sum and quotient and the product behind it are
// rounded each. Nothing else is rounded, so an output depends on its own row of x and of W alone.
// bf16 and fp16 weights are widened exactly: the same weights in fp32 give the same bits.

namespace reranker::kernels {

enum class Epilogue : std::int32_t { store, add, swiglu, gelu };

/// What the rows of W are: `plain`, or the n/2 rows of a gate followed by the n/2 rows of an up
/// projection (as Epilogue::swiglu needs them, and only it takes them).
enum class RowOrder : std::int32_t { plain, gate_up };

/// W as it is packed: once, at load.
///
/// Packed weights are panels of 16 rows of W, i.e. of 16 output columns. A panel holds, for each i
/// in order, its 16 weights: as 16 floats where `type` is fp16 or fp32; where it is bf16 as 8
/// dwords, dword j with row j in its low and row 8 + j in its high half, so that one 32-byte load,
/// a shift and an and give 16 floats. Rows past the end are zeros. Panels follow each other in
/// the order of rows; with gate_up, panels of gate and up rows alternate and each half is padded.
struct LinearWeights {
  std::int64_t n;   // rows of W; even if order is gate_up
  std::int64_t k;   // columns of W
  WeightType type;  // as stored in the checkpoint
  RowOrder order;
};

/// Size of the packed form. 64-bit sizes: n * k may exceed 2^31.
std::size_t packed_linear_bytes(const LinearWeights& weights);

/// Rows [first_row, first_row + num_rows) of W, to be written into their places in `packed`.
///
/// Several tensors stacked in one W (q, k and v, or gate and up) are packed one by one, each with
/// its own first_row. Calls for disjoint rows may run at the same time. The padding is
/// written by the call that packs the last row before it.
struct PackLinearArgs {
  LinearWeights weights;
  void* packed;      // packed_linear_bytes(weights), aligned to kAlignment
  const void* rows;  // (num_rows, k) row-major, of weights.type
  std::int64_t first_row;
  std::int64_t num_rows;
};

struct LinearArgs {
  LinearWeights weights;
  const void* packed;     // aligned to kAlignment
  float* out;             // not x
  const float* x;         // (num_tokens, k) row-major
  const float* residual;  // (num_tokens, n), may be out; read by Epilogue::add alone
  std::int64_t num_tokens;
  Epilogue epilogue;
  const float* bias = nullptr;  // (n), or null for none; null with Epilogue::swiglu
};

/// Number and length of the blocks that k is cut into: a function of k alone.
std::int64_t linear_num_blocks(std::int64_t k);
std::int64_t linear_block(std::int64_t k);

}  // namespace reranker::kernels
