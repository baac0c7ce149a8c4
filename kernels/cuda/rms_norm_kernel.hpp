#pragma once

#include "kernels/cuda/e4m3_row.hpp"
#include "kernels/cuda/rms_norm.hpp"

// The kernel of rms_norm: a block a row, which stays in registers between its sum and its scaling.

namespace reranker::kernels::cuda {
namespace {

constexpr int kRmsNormShared = 2 * kBlockScratch;  // the sum, and the largest of an e4m3 row

template <class Number, int kVectors>
__global__ void __launch_bounds__(kMaxThreads) rms_norm_kernel(RmsNormArgs args, int threads) {
  const int row = block_x();
  const int num_vectors = args.dim / 4;
  const void* from = row_at<Fp32>(args.x, row, args.dim);
  void* out = row_at<Number>(args.out, row, args.dim);

  float x[kVectors][4] = {};
  float weight[kVectors][4] = {};
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * threads;
    if (i < num_vectors) widen<Fp32>(x[j], load_numbers<Fp32, 4>(from, i));
  }
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * threads;
    if (i < num_vectors) widen<Fp32>(weight[j], load_numbers<Fp32, 4>(args.weight, i));
  }

  float squares[1] = {};
#pragma unroll
  for (int j = 0; j < kVectors; ++j)
    for (int n = 0; n < 4; ++n) squares[0] += x[j][n] * x[j][n];
  combine_in_block<add>(squares, threads, shared_memory());
  const float r = rsqrt_approx(divide_approx(squares[0], static_cast<float>(args.dim)) + args.eps);
#pragma unroll
  for (int j = 0; j < kVectors; ++j)
    for (int n = 0; n < 4; ++n) x[j][n] = x[j][n] * r * weight[j][n];

  if constexpr (Number::kType == Type::e4m3) {
    const float scale = divide_by_scale(x, threads, shared_memory() + kBlockScratch);
    if (thread_index() == 0) store_global(args.scales + row, scale);
  }
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * threads;
    if (i < num_vectors) store_numbers<Number>(out, i, x[j]);
  }
}

template <class Number>
Status run_rms_norm(const RmsNormArgs& args, Stream stream) {
  constexpr void (*kKernels[])(RmsNormArgs, int) = {
      rms_norm_kernel<Number, 1>, rms_norm_kernel<Number, 2>, rms_norm_kernel<Number, 3>,
      rms_norm_kernel<Number, 4>};
  const RowLayout layout = row_layout(args.dim / 4);
  if (layout.threads > kMaxThreads) return kInvalidValue;
  return launch(kKernels[layout.vectors - 1], {args.num_tokens, 1, layout.threads, kRmsNormShared},
                stream, args, layout.threads);
}

}  // namespace
}  // namespace reranker::kernels::cuda
