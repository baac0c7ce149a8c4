#include "kernels/cuda/classify.hpp"

#include "kernels/cuda/gelu.hpp"
#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kOutputs = 4;    // of the pooler, of a warp
constexpr int kSequences = 4;  // that read a row of its weights together
constexpr int kWarps = kClassifyOutputs / kOutputs;
constexpr int kThreads = kWarps * kLanes;
constexpr int kPoolerShared = kSequences * kWarps * 4;

// A block has one part of the outputs for kSequences sequences: each warp kOutputs rows of the
// weights, over which its lanes lie.
__global__ void __launch_bounds__(kThreads) pooler_kernel(ClassifyArgs args, int parts) {
  const int warp = thread_index() / kLanes;
  const int lane = thread_index() % kLanes;
  const int first_sequence = block_x() * kSequences;
  const int first_output = block_y() * kClassifyOutputs + warp * kOutputs;

  float sums[kSequences][kOutputs] = {};
  for (int i = lane; i < args.dim / 4; i += kLanes) {
    float weight[kOutputs][4] = {};
#pragma unroll
    for (int o = 0; o < kOutputs; ++o)
      if (first_output + o < args.dim)
        widen<Fp32>(weight[o], load_numbers<Fp32, 4>(
                                   row_at<Fp32>(args.weight, first_output + o, args.dim), i));
#pragma unroll
    for (int s = 0; s < kSequences; ++s) {
      float x[4] = {};
      if (first_sequence + s < args.num_sequences)
        widen<Fp32>(x,
                    load_numbers<Fp32, 4>(row_at<Fp32>(args.x, first_sequence + s, args.dim), i));
#pragma unroll
      for (int o = 0; o < kOutputs; ++o)
        for (int n = 0; n < 4; ++n) sums[s][o] += x[n] * weight[o][n];
    }
  }

#pragma unroll
  for (int s = 0; s < kSequences; ++s) {
    float part = 0.0f;  // of the logit
#pragma unroll
    for (int o = 0; o < kOutputs; ++o) {
      float sum[1] = {sums[s][o]};
      combine_in_block<add>(sum, kLanes, 0);
      const int output = first_output + o;
      if (output < args.dim)
        part += tanh_of(sum[0] + load_global(args.bias + output)) * load_global(args.head + output);
    }
    if (lane == 0)
      store_shared(shared_memory() + static_cast<SharedAddress>((s * kWarps + warp) * 4), part);
  }
  sync_block();
  const int s = thread_index();
  if (s >= kSequences || first_sequence + s >= args.num_sequences) return;
  float part = 0.0f;
  for (int w = 0; w < kWarps; ++w)
    part += load_shared<float>(shared_memory() + static_cast<SharedAddress>((s * kWarps + w) * 4));
  store_global(args.partial_logits + (first_sequence + s) * parts + block_y(), part);
}

// A warp a sequence adds up its parts.
__global__ void __launch_bounds__(kLanes) head_kernel(ClassifyArgs args, int parts) {
  const int sequence = block_x();
  float sum[1] = {};
  for (int part = thread_index(); part < parts; part += kLanes)
    sum[0] += load_global(args.partial_logits + sequence * parts + part);
  combine_in_block<add>(sum, kLanes, 0);
  if (thread_index() == 0)
    store_global(args.logits + sequence, sum[0] + load_global(args.head_bias));
}

}  // namespace

Status classify(const ClassifyArgs& args, Stream stream) {
  const int parts = classify_parts(args.dim);
  const int blocks = (args.num_sequences + kSequences - 1) / kSequences;
  const Status status =
      launch(pooler_kernel, {blocks, parts, kThreads, kPoolerShared}, stream, args, parts);
  if (status != 0) return status;
  return launch(head_kernel, {args.num_sequences, 1, kLanes, 0}, stream, args, parts);
}

}  // namespace reranker::kernels::cuda
