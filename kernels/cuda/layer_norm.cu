#include "kernels/cuda/layer_norm.hpp"

#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

// Rows of one warp share a block, as many as hide each other's latency.
constexpr int kRowsOfWarps = 4;
constexpr int kLayerNormShared = 3 * kBlockScratch;  // three sums over a block

/// A row over its threads, without what is to be added.
template <int kVectors>
RERANKER_DEVICE void load_row(float (&x)[kVectors][4], const void* from, int thread, int threads,
                              int num_vectors) {
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread + j * threads;
    if (i < num_vectors) widen<Fp32>(x[j], load_numbers<Fp32, 4>(from, i));
  }
}

// A row stays in registers from its sum to its scaling. The mean that is taken away first is
// rounded, which a row far from zero would show: what is left of it is found with the squares.
template <class Number, int kVectors>
__global__ void __launch_bounds__(kMaxThreads)
    layer_norm_kernel(LayerNormArgs args, int threads, int rows_in_block) {
  const int row = block_x() * rows_in_block + thread_index() / threads;
  if (row >= args.num_tokens) return;
  const int thread = thread_index() % threads;
  const int num_vectors = args.dim / 4;
  void* at = row_at<Fp32>(args.x, row, args.dim);

  float x[kVectors][4] = {};
  load_row(x, at, thread, threads, num_vectors);
  if (args.added != nullptr) {
    float added[kVectors][4] = {};
    load_row(added, args.added, thread, threads, num_vectors);
#pragma unroll
    for (int j = 0; j < kVectors; ++j)
      for (int n = 0; n < 4; ++n) x[j][n] += added[j][n];
  }

  float sum[1] = {};
#pragma unroll
  for (int j = 0; j < kVectors; ++j)
    for (int n = 0; n < 4; ++n) sum[0] += x[j][n];
  combine_in_block<add>(sum, threads, shared_memory());
  const auto dim = static_cast<float>(args.dim);
  const float shift = divide_approx(sum[0], dim);

  float sums[2] = {};  // of x - shift, and of its squares
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    if (thread + j * threads >= num_vectors) continue;
    for (int n = 0; n < 4; ++n) {
      x[j][n] -= shift;
      sums[0] += x[j][n];
      sums[1] += x[j][n] * x[j][n];
    }
  }
  combine_in_block<add>(sums, threads, shared_memory() + kBlockScratch);
  const float mean = divide_approx(sums[0], dim);
  const float variance = larger(divide_approx(sums[1], dim) - mean * mean, 0.0f);
  const float r = rsqrt_approx(variance + args.eps);

#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread + j * threads;
    if (i >= num_vectors) continue;
    float weight[4];
    float bias[4];
    widen<Fp32>(weight, load_numbers<Fp32, 4>(args.weight, i));
    widen<Fp32>(bias, load_numbers<Fp32, 4>(args.bias, i));
    for (int n = 0; n < 4; ++n) x[j][n] = (x[j][n] - mean) * r * weight[n] + bias[n];
    store_numbers<Fp32>(at, i, x[j]);
    if constexpr (Number::kType != Type::fp32)
      store_numbers<Number>(row_at<Number>(args.rows, row, args.dim), i, x[j]);
  }
}

template <class Number>
Status run(const LayerNormArgs& args, Stream stream) {
  constexpr void (*kKernels[])(LayerNormArgs, int, int) = {
      layer_norm_kernel<Number, 1>, layer_norm_kernel<Number, 2>, layer_norm_kernel<Number, 3>,
      layer_norm_kernel<Number, 4>};
  const RowLayout layout = row_layout(args.dim / 4);
  if (layout.threads > kMaxThreads) return kInvalidValue;
  const int rows_in_block = layout.threads == kLanes ? kRowsOfWarps : 1;
  const int blocks = (args.num_tokens + rows_in_block - 1) / rows_in_block;
  return launch(kKernels[layout.vectors - 1],
                {blocks, 1, layout.threads * rows_in_block, kLayerNormShared}, stream, args,
                layout.threads, rows_in_block);
}

}  // namespace

Status layer_norm(const LayerNormArgs& args, Stream stream) {
  return with_number(args.type, [&](auto number) { return run<decltype(number)>(args, stream); });
}

}  // namespace reranker::kernels::cuda
