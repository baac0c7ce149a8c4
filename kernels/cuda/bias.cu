#include "kernels/cuda/bias.hpp"

#include "kernels/cuda/gelu.hpp"
#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kRows = 4;  // on their way at once in a thread, which reads its bias once for them
constexpr int kThreads = 128;

// A block has kRows rows, and of them a part of `threads` vectors.
template <class Number, Activation kActivation>
__global__ void __launch_bounds__(kThreads) bias_kernel(BiasArgs args, int parts, int threads) {
  constexpr int N = kNumbers<Number>;
  const int first_row = block_x() / parts * kRows;
  const int i = block_x() % parts * threads + thread_index();
  if (i >= args.dim / N) return;

  Stored<Number, N> words[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r)
    if (first_row + r < args.num_tokens)
      words[r] = load_numbers<Number, N>(row_at<Number>(args.x, first_row + r, args.dim), i);
  float bias[N / 4][4];
#pragma unroll
  for (int part = 0; part < N / 4; ++part)
    widen<Fp32>(bias[part], load_numbers<Fp32, 4>(args.bias, i * (N / 4) + part));

#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    if (first_row + r >= args.num_tokens) continue;
    float x[N];
    widen<Number>(x, words[r]);
#pragma unroll
    for (int n = 0; n < N; ++n) {
      x[n] += bias[n / 4][n % 4];
      if constexpr (kActivation == Activation::gelu) x[n] = gelu(x[n]);
    }
    store_numbers<Number>(row_at<Number>(args.x, first_row + r, args.dim), i, x);
  }
}

template <class Number>
Status run(const BiasArgs& args, Stream stream) {
  auto* const kernel = args.activation == Activation::gelu ? &bias_kernel<Number, Activation::gelu>
                                                           : &bias_kernel<Number, Activation::none>;
  const int num_vectors = args.dim / kNumbers<Number>;
  const int parts = (num_vectors + kThreads - 1) / kThreads;
  const int in_part = (num_vectors + parts - 1) / parts;
  const int threads = (in_part + kLanes - 1) / kLanes * kLanes;
  const int blocks = (args.num_tokens + kRows - 1) / kRows * parts;
  return launch(kernel, {blocks, 1, threads, 0}, stream, args, parts, threads);
}

}  // namespace

Status add_bias(const BiasArgs& args, Stream stream) {
  return with_number(args.type, [&](auto number) { return run<decltype(number)>(args, stream); });
}

}  // namespace reranker::kernels::cuda
