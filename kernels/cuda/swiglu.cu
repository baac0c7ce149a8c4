#include "kernels/cuda/swiglu.hpp"

#include "kernels/cuda/e4m3.hpp"
#include "kernels/cuda/row.hpp"
#include "kernels/cuda/silu.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kVectors = 2;  // of gates and of ups, on their way at once in a thread
constexpr int kThreads = 128;

// A block makes a part of kThreads * kVectors vectors of one row.
template <class Number>
__global__ void __launch_bounds__(kThreads) swiglu_kernel(SwigluArgs args, int parts, int threads) {
  constexpr int N = kNumbers<Number>;
  const int token = block_x() / parts;
  const int first = block_x() % parts * threads * kVectors + thread_index();
  const int num_vectors = args.dim / N;
  const void* gates = row_at<Number>(args.gate_up, token, 2 * args.dim);
  const void* ups = row_at<Number>(gates, 1, args.dim);
  void* out = row_at<Number>(args.out, token, args.dim);

  Stored<Number, N> gate_words[kVectors];
  Stored<Number, N> up_words[kVectors];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = first + j * threads;
    if (i < num_vectors) {
      gate_words[j] = load_numbers<Number, N>(gates, i);
      up_words[j] = load_numbers<Number, N>(ups, i);
    }
  }
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = first + j * threads;
    if (i >= num_vectors) continue;
    float gate[N];
    float up[N];
    widen<Number>(gate, gate_words[j]);
    widen<Number>(up, up_words[j]);
    for (int n = 0; n < N; ++n) gate[n] = silu(gate[n]) * up[n];
    store_numbers<Number>(out, i, gate);
  }
}

template <class Number>
Status run(const SwigluArgs& args, Stream stream) {
  const int num_vectors = args.dim / kNumbers<Number>;
  const int whole_warps = (num_vectors + kLanes - 1) / kLanes * kLanes;
  const int threads = whole_warps < kThreads ? whole_warps : kThreads;
  const int in_part = threads * kVectors;
  const int parts = (num_vectors + in_part - 1) / in_part;
  return launch(swiglu_kernel<Number>, {args.num_tokens * parts, 1, threads, 0}, stream, args,
                parts, threads);
}

}  // namespace

Status swiglu(const SwigluArgs& args, Stream stream) {
  if (args.type == Type::e4m3) return swiglu_e4m3(args, stream);
  if (args.type != args.type_in) return kInvalidValue;
  switch (args.type) {
    case Type::fp32: return run<Fp32>(args, stream);
    case Type::bf16: return run<Bf16>(args, stream);
    case Type::fp16: return run<Fp16>(args, stream);
    default: return kInvalidValue;
  }
}

}  // namespace reranker::kernels::cuda
