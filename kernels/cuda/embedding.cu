#include "kernels/cuda/embedding.hpp"

#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kVectors = 4;  // of four numbers, on their way at once in a thread
constexpr int kThreads = 128;

// A block copies a part of kThreads * kVectors vectors of one row.
template <class Number>
__global__ void __launch_bounds__(kThreads)
    embedding_kernel(EmbeddingArgs args, int parts, int threads) {
  const int token = block_x() / parts;
  const int first = block_x() % parts * threads * kVectors + thread_index();
  const int num_vectors = args.dim / 4;
  const int id = load_global(args.ids + token);
  const void* from = row_at<Number>(args.table, id, args.dim);
  void* out = row_at<Fp32>(args.out, token, args.dim);

  Stored<Number, 4> stored[kVectors];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = first + j * threads;
    if (i < num_vectors) stored[j] = load_numbers<Number, 4>(from, i);
  }
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = first + j * threads;
    float x[4];
    widen<Number>(x, stored[j]);
    if (i < num_vectors) store_numbers<Fp32>(out, i, x);
  }
}

template <class Number>
Status run(const EmbeddingArgs& args, Stream stream) {
  const RowLayout whole = row_layout(args.dim / 4);
  const int threads = whole.threads < kThreads ? whole.threads : kThreads;
  const int in_part = threads * kVectors;
  const int parts = (args.dim / 4 + in_part - 1) / in_part;
  return launch(embedding_kernel<Number>, {args.num_tokens * parts, 1, threads, 0}, stream, args,
                parts, threads);
}

}  // namespace

Status embedding(const EmbeddingArgs& args, Stream stream) {
  switch (args.type) {
    case Type::fp32: return run<Fp32>(args, stream);
    case Type::bf16: return run<Bf16>(args, stream);
    case Type::fp16: return run<Fp16>(args, stream);
    default: return kInvalidValue;
  }
}

}  // namespace reranker::kernels::cuda
