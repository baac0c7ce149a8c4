#include "kernels/cuda/pool_score.hpp"

#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kTokenWarps = 4;  // of a block
constexpr int kVectors = 16;    // of four numbers, on their way at once in a lane
constexpr int kChunk = kVectors * kLanes * 4;

/// A lane's numbers of a row from `first` on; beyond the row they are zeros.
RERANKER_DEVICE void load_chunk(float (&x)[kVectors][4], const void* row, int first, int dim) {
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = first / 4 + j * kLanes + thread_index() % kLanes;
    for (int n = 0; n < 4; ++n) x[j][n] = 0;
    if (4 * i < dim) widen<Fp32>(x[j], load_numbers<Fp32, 4>(row, i));
  }
}

/// What a number of the normed row counts for in the score.
RERANKER_DEVICE void load_factors(float (&factors)[kVectors][4], const PoolScoreArgs& args,
                                  int first) {
  float head[kVectors][4];
  load_chunk(factors, args.weight, first, args.dim);
  load_chunk(head, args.head, first, args.dim);
#pragma unroll
  for (int j = 0; j < kVectors; ++j)
    for (int n = 0; n < 4; ++n) factors[j][n] *= head[j][n];
}

// A warp a token, several in turn, so that rows of one chunk find their factors in registers.
__global__ void __launch_bounds__(kTokenWarps* kLanes)
    token_score_kernel(PoolScoreArgs args, int tokens_of_warp) {
  const int warp = block_x() * kTokenWarps + thread_index() / kLanes;
  const int end = (warp + 1) * tokens_of_warp;
  float factors[kVectors][4];
  load_factors(factors, args, 0);
  for (int token = warp * tokens_of_warp; token < end && token < args.num_tokens; ++token) {
    float sums[2] = {};  // of squares, of scores
    for (int first = 0; first < args.dim; first += kChunk) {
      float x[kVectors][4];
      load_chunk(x, row_at<Fp32>(args.x, token, args.dim), first, args.dim);
      if (args.dim > kChunk) load_factors(factors, args, first);
#pragma unroll
      for (int j = 0; j < kVectors; ++j) {
        for (int n = 0; n < 4; ++n) {
          sums[0] += x[j][n] * x[j][n];
          sums[1] += x[j][n] * factors[j][n];
        }
      }
    }
    combine_in_block<add>(sums, kLanes, 0);
    const float mean = divide_approx(sums[0], static_cast<float>(args.dim));
    if (thread_index() % kLanes == 0)
      store_global(args.token_scores + token, sums[1] * rsqrt_approx(mean + args.eps));
  }
}

/// Enough blocks for every multiprocessor come before factors that stay in registers.
int tokens_of_warp(int num_tokens) {
  constexpr int kMost = 8;
  constexpr int kWarps = 2048;
  const int even = num_tokens / kWarps;
  return even < 1 ? 1 : even < kMost ? even : kMost;
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
  const int tokens = tokens_of_warp(args.num_tokens);
  const int blocks = (args.num_tokens + kTokenWarps * tokens - 1) / (kTokenWarps * tokens);
  const Status status = launch(token_score_kernel, {blocks, 1, kTokenWarps * kLanes, 0}, stream, args,
                               tokens);
  if (status != 0) return status;
  return launch(sequence_score_kernel, {args.num_sequences, 1, kSequenceThreads, kBlockScratch},
                stream, args);
}

}  // namespace reranker::kernels::cuda
