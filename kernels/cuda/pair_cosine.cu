#include "kernels/cuda/pair_cosine.hpp"

#include "kernels/cuda/row.hpp"

namespace reranker::kernels::cuda {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kLanes;
constexpr int kTokens = 4;  // on their way at once in a thread
constexpr int kMeanShared = 2 * kThreads * 16;
constexpr int kProducts = 4;            // m.head, a.a, b.b, a.b
constexpr float kLeastSquare = 1e-16f;  // of a norm that is divided by

/// Where a sequence's rows begin, and how many there are of both types.
struct Rows {
  int begin;
  int of_type_0;
  int of_type_1;
};

RERANKER_DEVICE Rows rows_of(const PairCosineArgs& args, int sequence) {
  const int begin = load_global(args.offsets + sequence);
  const int length = load_global(args.offsets + sequence + 1) - begin;
  const int wanted = load_global(args.type_1_begins + sequence);
  const int of_type_0 = wanted < length ? wanted : length;
  return {begin, of_type_0, length - of_type_0};
}

/// Adds up vector i of rows `warp`, `warp` + kWarps, ... of `count` rows from `begin`.
RERANKER_DEVICE void sum_rows(float (&sum)[4], const PairCosineArgs& args, int begin, int count,
                              int i) {
  for (int first = thread_index() / kLanes; first < count; first += kTokens * kWarps) {
    float x[kTokens][4] = {};
#pragma unroll
    for (int j = 0; j < kTokens; ++j) {
      const int row = first + j * kWarps;
      if (row < count)
        widen<Fp32>(x[j], load_numbers<Fp32, 4>(row_at<Fp32>(args.x, begin + row, args.dim), i));
    }
#pragma unroll
    for (int j = 0; j < kTokens; ++j)
      for (int n = 0; n < 4; ++n) sum[n] += x[j][n];
  }
}

/// Where the warps leave their sums, of type 0 and of type 1.
RERANKER_DEVICE SharedAddress sums_at(int type, int thread) {
  return shared_memory() + static_cast<SharedAddress>((type * kThreads + thread) * 16);
}

/// The warps' sums in order, of the first warp's lanes.
RERANKER_DEVICE void combine_warps(float (&sum)[4], int type) {
  for (int warp = 1; warp < kWarps; ++warp) {
    float other[4];
    widen<Fp32>(other, load_shared<Stored<Fp32, 4>>(sums_at(type, thread_index() + warp * kLanes)));
    for (int n = 0; n < 4; ++n) sum[n] += other[n];
  }
}

RERANKER_DEVICE float divisor(int count) {
  return static_cast<float>(count < 1 ? 1 : count);
}

// A block has one part of the columns of one sequence: a lane four of them, the warps take turns at
// its rows.
__global__ void __launch_bounds__(kThreads) mean_products_kernel(PairCosineArgs args, int parts) {
  const Rows rows = rows_of(args, block_x());
  const int lane = thread_index() % kLanes;
  const int i = block_y() * (kPairCosineColumns / 4) + lane;
  const bool is_inside = i < args.dim / 4;
  float a[4] = {};
  float b[4] = {};
  if (is_inside) {
    sum_rows(a, args, rows.begin, rows.of_type_0, i);
    sum_rows(b, args, rows.begin + rows.of_type_0, rows.of_type_1, i);
  }
  store_shared(sums_at(0, thread_index()), narrow<Fp32>(a));
  store_shared(sums_at(1, thread_index()), narrow<Fp32>(b));
  sync_block();
  if (thread_index() >= kLanes) return;
  combine_warps(a, 0);
  combine_warps(b, 1);

  float head[4] = {};
  if (is_inside) widen<Fp32>(head, load_numbers<Fp32, 4>(args.head, i));
  float products[kProducts] = {};
  for (int n = 0; n < 4; ++n) {
    const float mean = divide_approx(a[n] + b[n], divisor(rows.of_type_0 + rows.of_type_1));
    a[n] = divide_approx(a[n], divisor(rows.of_type_0));
    b[n] = divide_approx(b[n], divisor(rows.of_type_1));
    products[0] += mean * head[n];
    products[1] += a[n] * a[n];
    products[2] += b[n] * b[n];
    products[3] += a[n] * b[n];
  }
  combine_in_block<add>(products, kLanes, 0);
  if (lane == 0) store_numbers<Fp32>(args.partial_sums, block_x() * parts + block_y(), products);
}

// A warp a sequence adds up its parts.
__global__ void __launch_bounds__(kLanes) pair_cosine_kernel(PairCosineArgs args, int parts) {
  const int sequence = block_x();
  float sums[kProducts] = {};
  for (int part = thread_index(); part < parts; part += kLanes) {
    float products[kProducts];
    widen<Fp32>(products, load_numbers<Fp32, 4>(args.partial_sums, sequence * parts + part));
    for (int n = 0; n < kProducts; ++n) sums[n] += products[n];
  }
  combine_in_block<add>(sums, kLanes, 0);
  if (thread_index() != 0) return;
  const Rows rows = rows_of(args, sequence);
  const float cosine = sums[3] * rsqrt_approx(larger(sums[1], kLeastSquare)) *
                       rsqrt_approx(larger(sums[2], kLeastSquare));
  const float logit =
      sums[0] + load_global(args.head_bias) + load_global(args.cosine_scale) * cosine;
  store_global(args.logits + sequence, rows.of_type_0 + rows.of_type_1 == 0 ? 0.0f : logit);
}

}  // namespace

Status pair_cosine(const PairCosineArgs& args, Stream stream) {
  const int parts = pair_cosine_parts(args.dim);
  const Status status =
      launch(mean_products_kernel, {args.num_sequences, parts, kThreads, kMeanShared}, stream, args,
             parts);
  if (status != 0) return status;
  return launch(pair_cosine_kernel, {args.num_sequences, 1, kLanes, 0}, stream, args, parts);
}

}  // namespace reranker::kernels::cuda
