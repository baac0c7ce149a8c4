#include "kernels/cuda/e4m3.hpp"
#include "kernels/cuda/e4m3_row.hpp"
#include "kernels/cuda/silu.hpp"

namespace reranker::kernels::cuda {
namespace {

// A block a row: the scale needs all of it before the first number is rounded.
template <class Number, int kVectors>
__global__ void __launch_bounds__(kMaxThreads) swiglu_e4m3_kernel(SwigluArgs args, int threads) {
  const int row = block_x();
  const int num_vectors = args.dim / 8;
  const void* gates = row_at<Number>(args.gate_up, row, 2 * args.dim);
  const void* ups = row_at<Number>(gates, 1, args.dim);

  Stored<Number, 8> gate_words[kVectors] = {};
  Stored<Number, 8> up_words[kVectors] = {};
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * threads;
    if (i < num_vectors) {
      gate_words[j] = load_numbers<Number, 8>(gates, i);
      up_words[j] = load_numbers<Number, 8>(ups, i);
    }
  }
  float x[kVectors][8];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    float up[8];
    widen<Number>(x[j], gate_words[j]);
    widen<Number>(up, up_words[j]);
    for (int n = 0; n < 8; ++n) x[j][n] = silu(x[j][n]) * up[n];
  }

  store_e4m3_row(x, {args.out, args.scales, row, args.dim, threads});
}

template <class Number>
Status run(const SwigluArgs& args, Stream stream) {
  constexpr void (*kKernels[])(SwigluArgs, int) = {
      swiglu_e4m3_kernel<Number, 1>, swiglu_e4m3_kernel<Number, 2>, swiglu_e4m3_kernel<Number, 3>,
      swiglu_e4m3_kernel<Number, 4>};
  const RowLayout layout = row_layout(args.dim / 8);
  if (layout.threads > kMaxThreads) return kInvalidValue;
  return launch(kKernels[layout.vectors - 1], {args.num_tokens, 1, layout.threads, kBlockScratch},
                stream, args, layout.threads);
}

}  // namespace

Status swiglu_e4m3(const SwigluArgs& args, Stream stream) {
  switch (args.type_in) {
    case Type::bf16: return run<Bf16>(args, stream);
    case Type::fp16: return run<Fp16>(args, stream);
    default: return kInvalidValue;
  }
}

}  // namespace reranker::kernels::cuda
