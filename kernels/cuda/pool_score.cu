#include "kernels/cuda/pool_score.hpp"

#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

// A block a token: its squares and its product with weight and head in one pass.
template <int kVectors>
__global__ void __launch_bounds__(kMaxThreads) token_score_kernel(PoolScoreArgs args, int threads) {
  const int row = block_x();
  const int num_vectors = args.dim / 4;
  const void* from = row_at<Fp32>(args.x, row, args.dim);

  float x[kVectors][4] = {};
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * threads;
    if (i < num_vectors) widen<Fp32>(x[j], load_numbers<Fp32, 4>(from, i));
  }
  float sums[2] = {};  // of squares, of scores
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * threads;
    if (i >= num_vectors) continue;
    float weight[4];
    float head[4];
    widen<Fp32>(weight, load_numbers<Fp32, 4>(args.weight, i));
    widen<Fp32>(head, load_numbers<Fp32, 4>(args.head, i));
    for (int n = 0; n < 4; ++n) {
      sums[0] += x[j][n] * x[j][n];
      sums[1] += x[j][n] * (weight[n] * head[n]);
    }
  }
  combine_in_block<add>(sums, threads, shared_memory());
  if (thread_index() != 0) return;
  const float mean = divide_approx(sums[0], static_cast<float>(args.dim));
  store_global(args.token_scores + row, sums[1] * rsqrt_approx(mean + args.eps));
}

constexpr int kSequenceThreads = 256;
constexpr int kTokens = 4;  // on their way at once in a thread

// A block a sequence. Thread i adds up tokens i, i + kSequenceThreads, ... counted from its start.
__global__ void __launch_bounds__(kSequenceThreads) sequence_score_kernel(PoolScoreArgs args) {
  const int begin = load_global(args.offsets + block_x());
  const int length = load_global(args.offsets + block_x() + 1) - begin;
  float sum[1] = {};
  for (int first = thread_index(); first < length; first += kTokens * kSequenceThreads) {
    float scores[kTokens] = {};
#pragma unroll
    for (int j = 0; j < kTokens; ++j) {
      const int token = first + j * kSequenceThreads;
      if (token < length) scores[j] = load_global(args.token_scores + begin + token);
    }
#pragma unroll
    for (int j = 0; j < kTokens; ++j) sum[0] += scores[j];
  }
  combine_in_block<add>(sum, kSequenceThreads, shared_memory());
  if (thread_index() != 0) return;
  const float mean = length == 0 ? 0.0f : divide_approx(sum[0], static_cast<float>(length));
  store_global(args.logits + block_x(), divide_approx(mean, args.temperature));
}

}  // namespace

Status pool_score(const PoolScoreArgs& args, Stream stream) {
  constexpr void (*kKernels[])(PoolScoreArgs, int) = {token_score_kernel<1>, token_score_kernel<2>,
                                                      token_score_kernel<3>, token_score_kernel<4>};
  const RowLayout layout = row_layout(args.dim / 4);
  if (layout.threads > kMaxThreads) return kInvalidValue;
  const Status status =
      launch(kKernels[layout.vectors - 1], {args.num_tokens, 1, layout.threads, 2 * kBlockScratch},
             stream, args, layout.threads);
  if (status != 0) return status;
  return launch(sequence_score_kernel, {args.num_sequences, 1, kSequenceThreads, kBlockScratch},
                stream, args);
}

}  // namespace reranker::kernels::cuda
