#include <cmath>

#include "kernels/cuda/attention.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/numbers.hpp"

// One thread a query, head and 32 of its outputs: no shared memory, no barrier, every score taken
// anew by each thread that needs it, all of it in fp32. Slow, and the oracle of the fast ones.

namespace reranker::kernels::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kQueryTokens = 16;
constexpr int kSlice = 32;  // outputs of a thread, in registers
constexpr float kLog2E = 1.4426950408889634f;
constexpr float kLn2 = 0.6931471805599453f;

struct Fp32 {};

/// Eight numbers of a row, widened.
template <class Number>
struct Eight {
  static constexpr int kBytes = 2;  // of a number

  RERANKER_DEVICE static void load(const unsigned char* from, float (&x)[8]) {
    const auto words = load_global(reinterpret_cast<const Words4*>(from));
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      x[2 * i] = Number::low(words.w[i]);
      x[2 * i + 1] = Number::high(words.w[i]);
    }
  }
  RERANKER_DEVICE static void store(unsigned char* to, const float* x) {
    Words4 words;
#pragma unroll
    for (int i = 0; i < 4; ++i) words.w[i] = Number::pack(x[2 * i], x[2 * i + 1]);
    store_global(reinterpret_cast<Words4*>(to), words);
  }
};

struct alignas(16) Floats4 {
  float x[4];
};

template <>
struct Eight<Fp32> {
  static constexpr int kBytes = 4;

  RERANKER_DEVICE static void load(const unsigned char* from, float (&x)[8]) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const auto four = load_global(reinterpret_cast<const Floats4*>(from) + half);
#pragma unroll
      for (int i = 0; i < 4; ++i) x[4 * half + i] = four.x[i];
    }
  }
  RERANKER_DEVICE static void store(unsigned char* to, const float* x) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const Floats4 four{{x[4 * half], x[4 * half + 1], x[4 * half + 2], x[4 * half + 3]}};
      store_global(reinterpret_cast<Floats4*>(to) + half, four);
    }
  }
};

template <class Number>
RERANKER_DEVICE float dot(const unsigned char* a, const unsigned char* b, int dim) {
  float sum = 0;
#pragma unroll 1
  for (int d = 0; d < dim; d += 8) {
    float x[8], y[8];
    Eight<Number>::load(a + d * Eight<Number>::kBytes, x);
    Eight<Number>::load(b + d * Eight<Number>::kBytes, y);
#pragma unroll
    for (int i = 0; i < 8; ++i) sum += x[i] * y[i];
  }
  return sum;
}

/// A softmax under way: outputs and the sum, both relative to the highest score so far.
struct Mean {
  float out[kSlice];
  float sum = 0;
  float highest = -INFINITY;
};

/// Takes one more value in. `score` is scaled, to the base 2.
template <class Number>
RERANKER_DEVICE void add(Mean& mean, float score, const unsigned char* value) {
  const float highest = fmaxf(mean.highest, score);
  const float fade = exp2_approx(mean.highest - highest);
  const float weight = exp2_approx(score - highest);
  mean.highest = highest;
  mean.sum = mean.sum * fade + weight;
#pragma unroll
  for (int d = 0; d < kSlice; d += 8) {
    float v[8];
    Eight<Number>::load(value + d * Eight<Number>::kBytes, v);
#pragma unroll
    for (int i = 0; i < 8; ++i) mean.out[d + i] = mean.out[d + i] * fade + weight * v[i];
  }
}

template <class Number>
__global__ void __launch_bounds__(kThreads) attention_generic_kernel(AttentionArgs args) {
  constexpr std::int64_t kBytes = Eight<Number>::kBytes;
  const std::int64_t row_bytes = (args.num_heads + 2 * args.num_kv_heads) * args.head_dim * kBytes;
  const int group = args.num_heads / args.num_kv_heads;
  const int slices = args.head_dim / kSlice;
  const float scale = kLog2E / sqrtf(static_cast<float>(args.head_dim));

  const auto* items = reinterpret_cast<const Words4*>(args.work);
  const auto item = load_global(items + block_x());
  const std::int64_t first_query = item.w[0], first_key = item.w[2];
  const int num_queries = static_cast<int>(item.w[1]), num_keys = static_cast<int>(item.w[3]);

  const auto* qkv = static_cast<const unsigned char*>(args.qkv);
  const auto* keys =
      qkv + first_key * row_bytes + (args.num_heads + block_y()) * args.head_dim * kBytes;
  const auto* values = keys + args.num_kv_heads * args.head_dim * kBytes;

  // Threads of a warp share keys and values.
  for (int i = thread_index(); i < num_queries * group * slices; i += kThreads) {
    const int slice = i / (num_queries * group);
    const int row = i % (num_queries * group);
    const int head = block_y() * group + row % group;
    const std::int64_t token = first_query + row / group;
    const auto* query = qkv + token * row_bytes + head * args.head_dim * kBytes;

    Mean mean;
#pragma unroll
    for (int d = 0; d < kSlice; ++d) mean.out[d] = 0;
#pragma unroll 1
    for (int key = 0; key < num_keys; ++key) {
      const float score = dot<Number>(query, keys + key * row_bytes, args.head_dim) * scale;
      add<Number>(mean, score, values + key * row_bytes + slice * kSlice * kBytes);
    }

#pragma unroll
    for (int d = 0; d < kSlice; ++d) mean.out[d] /= mean.sum;
    auto* out = static_cast<unsigned char*>(args.out) +
                ((token * args.num_heads + head) * args.head_dim + slice * kSlice) * kBytes;
#pragma unroll
    for (int d = 0; d < kSlice; d += 8) Eight<Number>::store(out + d * kBytes, mean.out + d);
    if (slice == 0 && args.log_sum_exp != nullptr) {
      store_global(args.log_sum_exp + token * args.num_heads + head,
                   (mean.highest + log2_approx(mean.sum)) * kLn2);
    }
  }
}

bool supports(const AttentionArgs& args, int) {
  return args.type != Type::e4m3 && args.head_dim % kSlice == 0 &&
         args.num_heads % args.num_kv_heads == 0;
}

std::int32_t query_tokens(const AttentionArgs&) {
  return kQueryTokens;
}

Status run(const AttentionArgs& args, Stream stream) {
  const Launch config{args.num_work, args.num_kv_heads, kThreads, 0};
  if (args.type == Type::fp32) return launch(attention_generic_kernel<Fp32>, config, stream, args);
  if (args.type == Type::fp16) return launch(attention_generic_kernel<Fp16>, config, stream, args);
  return launch(attention_generic_kernel<Bf16>, config, stream, args);
}

}  // namespace

extern const AttentionKernel kAttentionGeneric;
const AttentionKernel kAttentionGeneric{"generic", supports, query_tokens, run};

}  // namespace reranker::kernels::cuda
