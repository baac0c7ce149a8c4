#include "kernels/cuda/bert_embedding.hpp"

#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kVectors = 2;  // of four numbers, from each table, on their way at once in a thread
constexpr int kThreads = 128;

/// Row `row` of a table.
template <class Number>
RERANKER_DEVICE const void* table_row(const BertEmbeddingArgs& args, const void* table,
                                      const std::int32_t* row) {
  return row_at<Number>(table, load_global(row), args.dim);
}

// A block makes a part of kThreads * kVectors vectors of one row.
template <class Number>
__global__ void __launch_bounds__(kThreads)
    bert_embedding_kernel(BertEmbeddingArgs args, int parts, int threads) {
  const int token = block_x() / parts;
  const int first = block_x() % parts * threads * kVectors + thread_index();
  const int num_vectors = args.dim / 4;
  const void* word = table_row<Number>(args, args.words, args.ids + token);
  const void* position = table_row<Number>(args, args.positions, args.positions_of + token);
  const void* type = table_row<Number>(args, args.types, args.types_of + token);
  void* out = row_at<Fp32>(args.out, token, args.dim);

  Stored<Number, 4> stored[kVectors][3];
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = first + j * threads;
    if (i >= num_vectors) continue;
    stored[j][0] = load_numbers<Number, 4>(word, i);
    stored[j][1] = load_numbers<Number, 4>(position, i);
    stored[j][2] = load_numbers<Number, 4>(type, i);
  }
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    const int i = first + j * threads;
    if (i >= num_vectors) continue;
    float x[4];
    float p[4];
    float t[4];
    widen<Number>(x, stored[j][0]);
    widen<Number>(p, stored[j][1]);
    widen<Number>(t, stored[j][2]);
    for (int n = 0; n < 4; ++n) x[n] = x[n] + p[n] + t[n];
    store_numbers<Fp32>(out, i, x);
  }
}

template <class Number>
Status run(const BertEmbeddingArgs& args, Stream stream) {
  const int num_vectors = args.dim / 4;
  const int wanted = (num_vectors + kVectors - 1) / kVectors;
  const int whole_warps = (wanted + kLanes - 1) / kLanes * kLanes;
  const int threads = whole_warps < kThreads ? whole_warps : kThreads;
  const int in_part = threads * kVectors;
  const int parts = (num_vectors + in_part - 1) / in_part;
  return launch(bert_embedding_kernel<Number>, {args.num_tokens * parts, 1, threads, 0}, stream,
                args, parts, threads);
}

}  // namespace

Status bert_embedding(const BertEmbeddingArgs& args, Stream stream) {
  return with_number(args.type, [&](auto number) { return run<decltype(number)>(args, stream); });
}

}  // namespace reranker::kernels::cuda
