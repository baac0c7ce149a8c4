#include "kernels/cuda/e4m3_row.hpp"
#include "kernels/cuda/quantize.hpp"

namespace reranker::kernels::cuda {
namespace {

// A block a row, which stays in registers between its largest number and its rounding.
template <class Number, int kVectors>
__global__ void __launch_bounds__(kMaxThreads)
    quantize_e4m3_kernel(QuantizeArgs args, int threads) {
  const int row = block_x();
  const int num_vectors = args.dim / 8;
  const void* from = row_at<Number>(args.x, row, args.dim);

  Stored<Number, 8> words[kVectors] = {};
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = thread_index() + j * threads;
    if (i < num_vectors) words[j] = load_numbers<Number, 8>(from, i);
  }
  float x[kVectors][8];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) widen<Number>(x[j], words[j]);

  store_e4m3_row(x, {args.out, args.scales, row, args.dim, threads});
}

template <class Number>
Status run(const QuantizeArgs& args, Stream stream) {
  constexpr void (*kKernels[])(QuantizeArgs, int) = {
      quantize_e4m3_kernel<Number, 1>, quantize_e4m3_kernel<Number, 2>,
      quantize_e4m3_kernel<Number, 3>, quantize_e4m3_kernel<Number, 4>};
  const RowLayout layout = row_layout(args.dim / 8);
  if (layout.threads > kMaxThreads) return kInvalidValue;
  return launch(kKernels[layout.vectors - 1], {args.num_tokens, 1, layout.threads, kBlockScratch},
                stream, args, layout.threads);
}

}  // namespace

Status quantize(const QuantizeArgs& args, Stream stream) {
  switch (args.type_in) {
    case Type::bf16: return run<Bf16>(args, stream);
    case Type::fp16: return run<Fp16>(args, stream);
    default: return kInvalidValue;
  }
}

}  // namespace reranker::kernels::cuda
