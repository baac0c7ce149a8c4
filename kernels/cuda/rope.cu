#include "kernels/cuda/rope.hpp"

#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kMaxRopeThreads = 256;
constexpr int kHeads = 2;  // on their way at once in a thread

// A block turns the heads of one token. A thread has vector i of the first half of a head and of
// the second, in every `step`-th head, so that its cosines and sines are read once.
template <class Number>
__global__ void __launch_bounds__(kMaxRopeThreads) rope_kernel(RopeArgs args, int threads) {
  constexpr int N = kNumbers<Number>;
  const int half = args.head_dim / 2;
  const int vectors = half / N;  // of half a head
  const int heads = args.num_heads + args.num_kv_heads;
  const int i = thread_index() % vectors;
  const int first_head = thread_index() / vectors;
  const int step = threads / vectors;
  if (first_head >= step) return;

  const int token = block_x();
  const int row_numbers = (args.num_heads + 2 * args.num_kv_heads) * args.head_dim;
  void* row = row_at<Number>(args.qkv, token, row_numbers);
  const int position = load_global(args.positions + token);
  const void* angles = row_at<Fp32>(args.table, position, args.head_dim);

  float cosines[N / 4][4];
  float sines[N / 4][4];
#pragma unroll
  for (int part = 0; part < N / 4; ++part) {
    const int at = i * (N / 4) + part;
    widen<Fp32>(cosines[part], load_numbers<Fp32, 4>(angles, at));
    widen<Fp32>(sines[part], load_numbers<Fp32, 4>(angles, half / 4 + at));
  }

  for (int head = first_head; head < heads; head += kHeads * step) {
    Stored<Number, N> a_words[kHeads];
    Stored<Number, N> b_words[kHeads];
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
      const int at = (head + h * step) * 2 * vectors + i;
      if (head + h * step < heads) {
        a_words[h] = load_numbers<Number, N>(row, at);
        b_words[h] = load_numbers<Number, N>(row, at + vectors);
      }
    }
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
      const int at = (head + h * step) * 2 * vectors + i;
      if (head + h * step >= heads) continue;
      float a[N];
      float b[N];
      widen<Number>(a, a_words[h]);
      widen<Number>(b, b_words[h]);
#pragma unroll
      for (int n = 0; n < N; ++n) {
        const float before = a[n];
        a[n] = a[n] * cosines[n / 4][n % 4] - b[n] * sines[n / 4][n % 4];
        b[n] = b[n] * cosines[n / 4][n % 4] + before * sines[n / 4][n % 4];
      }
      store_numbers<Number>(row, at, a);
      store_numbers<Number>(row, at + vectors, b);
    }
  }
}

template <class Number>
Status run(const RopeArgs& args, Stream stream) {
  const int vectors = args.head_dim / 2 / kNumbers<Number>;
  const int heads = args.num_heads + args.num_kv_heads;
  const int wanted = (heads + kHeads - 1) / kHeads * vectors;
  const int whole_warps = (wanted + kLanes - 1) / kLanes * kLanes;
  const int threads = whole_warps < kMaxRopeThreads ? whole_warps : kMaxRopeThreads;
  if (vectors > threads) return kInvalidValue;
  return launch(rope_kernel<Number>, {args.num_tokens, 1, threads, 0}, stream, args, threads);
}

}  // namespace

Status rope(const RopeArgs& args, Stream stream) {
  switch (args.type) {
    case Type::fp32: return run<Fp32>(args, stream);
    case Type::bf16: return run<Bf16>(args, stream);
    case Type::fp16: return run<Fp16>(args, stream);
    default: return kInvalidValue;
  }
}

}  // namespace reranker::kernels::cuda
