#pragma once

#include <cmath>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/numbers.hpp"

// What the kernels that go over rows share: numbers as they are moved, how a row is laid over a
// block, sums over a block. All of it depends on the row's width alone, so that a row has the same
// bits wherever it stands.

namespace reranker::kernels::cuda {

struct Fp32 {
  static constexpr Type kType = Type::fp32;
};
struct E4m3 {
  static constexpr Type kType = Type::e4m3;
};

constexpr Status kInvalidValue = 1;  // cudaErrorInvalidValue
constexpr int kLanes = 32;

// Numbers.

template <class Number>
constexpr int kNumberBytes = static_cast<int>(size_in_bytes(Number::kType));
/// Numbers in 16 bytes.
template <class Number>
constexpr int kNumbers = 16 / kNumberBytes<Number>;

/// kBytes (4, 8 or 16) as they are moved.
template <int kBytes>
struct alignas(kBytes) Words {
  std::uint32_t w[kBytes / 4];
};

/// N numbers side by side.
template <class Number, int N>
using Stored = Words<N * kNumberBytes<Number>>;

RERANKER_DEVICE float as_float(std::uint32_t bits) {
  union {
    std::uint32_t bits;
    float value;
  } both{bits};
  return both.value;
}
RERANKER_DEVICE std::uint32_t as_bits(float value) {
  union {
    float value;
    std::uint32_t bits;
  } both{value};
  return both.bits;
}

template <class Number, int N>
RERANKER_DEVICE void widen(float (&x)[N], const Stored<Number, N>& stored) {
  if constexpr (Number::kType == Type::fp32) {
    for (int i = 0; i < N; ++i) x[i] = as_float(stored.w[i]);
  } else {
    for (int i = 0; i < N / 2; ++i) {
      x[2 * i] = Number::low(stored.w[i]);
      x[2 * i + 1] = Number::high(stored.w[i]);
    }
  }
}

template <class Number, int N>
RERANKER_DEVICE Stored<Number, N> narrow(const float (&x)[N]) {
  Stored<Number, N> stored;
  if constexpr (Number::kType == Type::fp32) {
    for (int i = 0; i < N; ++i) stored.w[i] = as_bits(x[i]);
  } else if constexpr (Number::kType == Type::e4m3) {
    for (int i = 0; i < N / 4; ++i)
      stored.w[i] = pack_e4m3(x[4 * i], x[4 * i + 1], x[4 * i + 2], x[4 * i + 3]);
  } else {
    for (int i = 0; i < N / 2; ++i) stored.w[i] = Number::pack(x[2 * i], x[2 * i + 1]);
  }
  return stored;
}

/// Numbers N * index to N * index + N - 1 of a row.
template <class Number, int N>
RERANKER_DEVICE Stored<Number, N> load_numbers(const void* row, int index) {
  return load_global(static_cast<const Stored<Number, N>*>(row) + index);
}
template <class Number, int N>
RERANKER_DEVICE void store_numbers(void* row, int index, const float (&x)[N]) {
  store_global(static_cast<Stored<Number, N>*>(row) + index, narrow<Number>(x));
}

/// Where row `row` begins, of rows that wide.
template <class Number>
RERANKER_DEVICE const void* row_at(const void* rows, int row, int width) {
  return static_cast<const char*>(rows) + std::int64_t{row} * width * kNumberBytes<Number>;
}
template <class Number>
RERANKER_DEVICE void* row_at(void* rows, int row, int width) {
  return static_cast<char*>(rows) + std::int64_t{row} * width * kNumberBytes<Number>;
}

/// What `run` gives for the number of a type that rows are computed in.
template <class Run>
Status with_number(Type type, const Run& run) {
  switch (type) {
    case Type::fp32: return run(Fp32{});
    case Type::bf16: return run(Bf16{});
    case Type::fp16: return run(Fp16{});
    case Type::e4m3: break;
  }
  return kInvalidValue;
}

// Layout.

constexpr int kMaxVectors = 4;  // of a thread
constexpr int kMaxThreads = 1024;

/// A row of vectors over a block: vector i is the (i / threads)-th of thread i % threads.
struct RowLayout {
  int threads;
  int vectors;  // of a thread, at most kMaxVectors
};

constexpr RowLayout row_layout(int num_vectors) {
  const int threads = (num_vectors + kMaxVectors - 1) / kMaxVectors;
  const int whole_warps = (threads + kLanes - 1) / kLanes * kLanes;
  return {whole_warps, (num_vectors + whole_warps - 1) / whole_warps};
}

// Sums and maxima over a block of whole warps: a butterfly in each warp, then the warps in order,
// the same in every thread.

RERANKER_DEVICE float add(float a, float b) {
  return a + b;
}
RERANKER_DEVICE float larger(float a, float b) {
  return fmaxf(a, b);
}

constexpr int kBlockScratch = kMaxThreads / kLanes * 4;  // bytes of shared memory for one number

/// Combines N numbers over the block with one barrier. `scratch`: N * kBlockScratch bytes that no
/// thread still reads.
template <float (*kCombine)(float, float), int N>
RERANKER_DEVICE void combine_in_block(float (&x)[N], int threads, SharedAddress scratch) {
#pragma unroll
  for (int mask = kLanes / 2; mask > 0; mask /= 2)
    for (int i = 0; i < N; ++i) x[i] = kCombine(x[i], shuffle_xor(x[i], mask));
  if (threads == kLanes) return;

  const int thread = thread_index();
  for (int i = 0; i < N; ++i) {
    const SharedAddress of_warps = scratch + static_cast<SharedAddress>(i * kBlockScratch);
    if (thread % kLanes == 0)
      store_shared(of_warps + static_cast<SharedAddress>(thread / kLanes * 4), x[i]);
  }
  sync_block();
  for (int i = 0; i < N; ++i) {
    const SharedAddress of_warps = scratch + static_cast<SharedAddress>(i * kBlockScratch);
    x[i] = load_shared<float>(of_warps);
    for (int warp = 1; warp < threads / kLanes; ++warp)
      x[i] = kCombine(x[i], load_shared<float>(of_warps + static_cast<SharedAddress>(warp * 4)));
  }
}

}  // namespace reranker::kernels::cuda
