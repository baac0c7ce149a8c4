#include "kernels/cuda/attention.hpp"

#include "kernels/cuda/attention_sm90_softmax.hpp"
#include "kernels/cuda/attention_sm90_tile.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/numbers.hpp"
#include "kernels/cuda/ptx.hpp"
#include "kernels/cuda/tensor_map.hpp"

// Attention for Hopper. A block lives as long as the kernel and takes one item after another: the
// queries of one work entry for one KV head, all heads of its group packed in the rows of the tile,
// row = token * group + head. One thread of the first warpgroup, the producer, brings queries, keys
// and values with the copy engine; the other warpgroups own 64 rows each and keep scores,
// probabilities and sums in registers:
//
//   first block of keys:    S = Q K^T, P = softmax step of S
//   every further block:    S' = Q K^T and O += P V run together, then P = softmax step of S'
//   at the end:             O += P V, O / sum of P
//
// Warpgroups take turns at the tensor cores, so that one has its softmax while others multiply.
//
// Blocks of keys come from the sequence's end to its start: only the first can be partial. Its
// scores beyond the sequence are masked; its values are cleared in shared memory by a warp of their
// own, since those of other sequences may be NaN and 0 * NaN is not 0.

namespace reranker::kernels::cuda {
namespace {

using namespace sm90;

// Brings a tile of `rows` rows, all its columns, from head `head` and token `token` on.
template <class T>
RERANKER_DEVICE void load_tile(SharedAddress to, int rows, const TensorMap& map, SharedAddress full,
                               int head, int token) {
  mbarrier_arrive_expect(full, static_cast<std::uint32_t>(rows * T::kHeadDim * 2));
  for (int part = 0; part < T::kParts; ++part)
    tma_load_3d(to + part * rows * kRowBytes, map, full, 64 * part, head, token);
}

template <class T>
struct Producer {
  SharedAddress shared;
  const TensorMap& queries;
  const TensorMap& keys_values;
  int num_kv_heads;
  int group;
  Place<T::kStages> keys_place{}, values_place{};
  std::uint32_t queries_parity = 0;

  RERANKER_DEVICE void load_queries(const Item& item) {
    mbarrier_wait(shared + T::kQueriesEmpty, queries_parity ^ 1);
    queries_parity ^= 1;
    store_shared(shared + T::kItemAt, item);
    load_tile<T>(shared, T::kRows, queries, shared + T::kQueriesFull, item.kv_head * group,
                 item.first_query);
  }
  RERANKER_DEVICE void load_keys(int head, int token) {
    const int stage = keys_place.stage;
    mbarrier_wait(shared + T::kKeysEmpty + 8 * stage, keys_place.parity ^ 1);
    load_tile<T>(shared + T::kKeysAt + stage * T::kBlockBytes, T::kKeys, keys_values,
                 shared + T::kKeysFull + 8 * stage, head, token);
    keys_place.advance();
  }
  RERANKER_DEVICE void load_values(int head, int token, bool partial) {
    const int stage = values_place.stage;
    mbarrier_wait(shared + T::kValuesEmpty + 8 * stage, values_place.parity ^ 1);
    load_tile<T>(shared + T::kValuesAt + stage * T::kBlockBytes, T::kKeys, keys_values,
                 shared + (partial ? T::kTailFull : T::kValuesFull) + 8 * stage,
                 num_kv_heads + head, token);
    values_place.advance();
  }

  // In the order in which consumers need them.
  RERANKER_DEVICE void load(const AttentionWork& work, int head) {
    int block = (work.num_keys - 1) / T::kKeys;
    bool partial = work.num_keys % T::kKeys != 0;
    load_keys(head, work.first_key + block * T::kKeys);
    load_queries({work.first_query, work.num_queries, work.num_keys, head});
    for (; block > 0; --block) {
      load_keys(head, work.first_key + (block - 1) * T::kKeys);
      load_values(head, work.first_key + block * T::kKeys, partial);
      partial = false;
    }
    load_values(head, work.first_key, partial);
  }
};

// One thread.
template <class T>
RERANKER_DEVICE void produce(SharedAddress shared, const TensorMap& queries,
                             const TensorMap& keys_values, const AttentionArgs& args) {
  Producer<T> producer{shared, queries, keys_values, args.num_kv_heads,
                       args.num_heads / args.num_kv_heads};
  const int num_items = args.num_work * args.num_kv_heads;
  for (int turn = 0; item_of_turn(turn) < num_items; ++turn) {
    const int item = item_of_turn(turn);
    producer.load(load_work(args, item), item % args.num_kv_heads);
  }
}

// One warp: zeros instead of values beyond the sequence, before anyone else sees the block.
template <class T>
RERANKER_DEVICE void clear_tails(SharedAddress shared, const AttentionArgs& args) {
  const int num_items = args.num_work * args.num_kv_heads;
  int stage = 0;
  std::uint32_t parities = 0;  // a bit a stage
  for (int turn = 0; item_of_turn(turn) < num_items; ++turn) {
    const int num_keys = load_work(args, item_of_turn(turn)).num_keys;
    const int valid = num_keys % T::kKeys;
    if (valid != 0) {
      mbarrier_wait(shared + T::kTailFull + 8 * stage, parities >> stage & 1);
      parities ^= 1u << stage;
      for (int part = 0; part < T::kParts; ++part) {
        const SharedAddress tile =
            shared + T::kValuesAt + stage * T::kBlockBytes + part * T::kKeys * kRowBytes;
        for (int at = valid * kRowBytes + lane() * 16; at < T::kKeys * kRowBytes; at += 32 * 16)
          store_shared(tile + at, Words4{});
      }
      fence_proxy_async();
      sync_warp();
      if (lane() == 0) mbarrier_arrive(shared + T::kValuesFull + 8 * stage);
    }
    stage = (stage + (num_keys + T::kKeys - 1) / T::kKeys) % T::kStages;
  }
}

RERANKER_DEVICE std::uint64_t advance(std::uint64_t descriptor, int bytes) {
  return descriptor + static_cast<std::uint64_t>(bytes >> 4);
}

// Starts S = Q K^T. Both tiles are k-major; an instruction takes 16 columns, 32 bytes.
template <class T>
RERANKER_DEVICE void start_scores(float (&scores)[T::kKeys / 2], SharedAddress queries,
                                  SharedAddress keys) {
  const auto q = swizzled_descriptor(queries, 0, kGroupBytes);
  const auto k = swizzled_descriptor(keys, 0, kGroupBytes);
  wgmma_fence();
#pragma unroll
  for (int step = 0; step < T::kHeadDim / 16; ++step) {
    const int part = step / 4, column = step % 4 * 32;
    wgmma_shared<typename T::Number, T::kKeys, Major::k>(
        scores, advance(q, part * T::kRows * kRowBytes + column),
        advance(k, part * T::kKeys * kRowBytes + column), step != 0);
  }
  wgmma_commit();
}

// Starts O += P V. Values are mn-major: a row is a key; an instruction takes 16 of them.
template <class T>
RERANKER_DEVICE void start_sums(float (&out)[T::kHeadDim / 2], const Words4 (&p)[T::kKeys / 16],
                                SharedAddress values) {
  const auto v = swizzled_descriptor(values, T::kKeys * kRowBytes, kGroupBytes);
  wgmma_fence();
#pragma unroll
  for (int step = 0; step < T::kKeys / 16; ++step)
    wgmma_registers<typename T::Number, T::kHeadDim, Major::mn>(
        out, p[step], advance(v, step * 16 * kRowBytes), true);
  wgmma_commit();
}

template <class T>
struct Consumer {
  SharedAddress shared;
  const AttentionArgs& args;
  int warpgroup;
  Place<T::kStages> keys_place{}, values_place{};

  RERANKER_DEVICE SharedAddress queries() const { return shared + warpgroup * 64 * kRowBytes; }
  RERANKER_DEVICE SharedAddress keys() const {
    return shared + T::kKeysAt + keys_place.stage * T::kBlockBytes;
  }
  RERANKER_DEVICE SharedAddress values() const {
    return shared + T::kValuesAt + values_place.stage * T::kBlockBytes;
  }
  RERANKER_DEVICE void wait_keys() const {
    mbarrier_wait(shared + T::kKeysFull + 8 * keys_place.stage, keys_place.parity);
  }
  RERANKER_DEVICE void wait_values() const {
    mbarrier_wait(shared + T::kValuesFull + 8 * values_place.stage, values_place.parity);
  }
  RERANKER_DEVICE void release_keys() {
    if (lane() == 0) mbarrier_arrive(shared + T::kKeysEmpty + 8 * keys_place.stage);
    keys_place.advance();
  }
  RERANKER_DEVICE void release_values() {
    if (lane() == 0) mbarrier_arrive(shared + T::kValuesEmpty + 8 * values_place.stage);
    values_place.advance();
  }
  RERANKER_DEVICE void await_turn() const { sync_named(1 + warpgroup, 2 * kWarpgroup); }
  RERANKER_DEVICE void pass_turn() const {
    arrive_named(1 + (warpgroup + 1) % T::kWarpgroups, 2 * kWarpgroup);
  }

  // Of this thread's first row in the tile.
  RERANKER_DEVICE int row() const {
    return warpgroup * 64 + thread_index() % kWarpgroup / 32 * 16 + lane() / 4;
  }

  RERANKER_DEVICE void attend(const Item& item) {
    float scores[T::kKeys / 2], out[T::kHeadDim / 2];
    Words4 p[T::kKeys / 16];
    Softmax<T> softmax;
    softmax.scale = kLog2E * rsqrt_approx(static_cast<float>(T::kHeadDim));
#pragma unroll
    for (float& o : out) o = 0.0f;

    wait_keys();
    start_scores<T>(scores, queries(), keys());
    wgmma_wait<0>(scores);
    release_keys();
    if (item.num_keys % T::kKeys != 0) mask<T>(scores, item.num_keys % T::kKeys);
    softmax.start(scores, item.num_queries * (args.num_heads / args.num_kv_heads) - row());
    softmax.exponentiate(scores);
    round<T>(p, scores);

    for (int block = (item.num_keys - 1) / T::kKeys; block > 0; --block) {
      wait_keys();
      await_turn();
      start_scores<T>(scores, queries(), keys());
      wait_values();
      start_sums<T>(out, p, values());
      pass_turn();
      wgmma_wait<1>(scores);
      release_keys();
      float factor[2];
      const bool rose = softmax.rise(factor, scores);
      wgmma_wait<0>(out);
      release_values();
      softmax.exponentiate(scores);
      if (rose) {
#pragma unroll
        for (int i = 0; i < T::kHeadDim / 2; ++i) out[i] *= factor[i / 2 % 2];
      }
      round<T>(p, scores);
    }
    if (lane() == 0) mbarrier_arrive(shared + T::kQueriesEmpty);
    wait_values();
    start_sums<T>(out, p, values());
    wgmma_wait<0>(out);
    release_values();
    write(item, softmax, out);
  }

  // A warpgroup whose rows are no queries: keeps the others' pace.
  RERANKER_DEVICE void skip(const Item& item) {
    for (int block = (item.num_keys - 1) / T::kKeys; block >= 0; --block) {
      wait_keys();
      sync_warp();
      release_keys();
      if (block > 0) {
        await_turn();
        pass_turn();
      }
      wait_values();
      sync_warp();
      release_values();
    }
    if (lane() == 0) mbarrier_arrive(shared + T::kQueriesEmpty);
  }

  RERANKER_DEVICE void write(const Item& item, const Softmax<T>& softmax,
                             const float (&out)[T::kHeadDim / 2]) const {
    const int group = args.num_heads / args.num_kv_heads;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float sum = sum_of_row(softmax.sum[r]);
      const float factor = divide_approx(1.0f, sum);
      const int token = (row() + 8 * r) / group;
      const int head = item.kv_head * group + (row() + 8 * r) % group;
      const std::int64_t at =
          static_cast<std::int64_t>(item.first_query + token) * args.num_heads + head;
      const bool is_query = token < item.num_queries;
      auto* to = static_cast<Words4*>(args.out) + at * (T::kHeadDim / 8) + lane() % 4;
#pragma unroll
      for (int i = 0; i < T::kHeadDim / 32; ++i) {
        Words4 m;
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          const float* pair = &out[16 * i + 4 * j + 2 * r];
          m.w[j] = T::Number::pack(pair[0] * factor, pair[1] * factor);
        }
        transpose(m);
        if (is_query) store_global(to + 4 * i, m);
      }
      if (is_query && args.log_sum_exp != nullptr && lane() % 4 == 0)
        store_global(args.log_sum_exp + at,
                     (softmax.max[r] * softmax.scale + log2_approx(sum)) * kLn2);
    }
  }

  static constexpr float kLog2E = 1.44269504f;
  static constexpr float kLn2 = 0.693147181f;
};

template <class T>
RERANKER_DEVICE void consume(SharedAddress shared, const AttentionArgs& args, int warpgroup) {
  Consumer<T> consumer{shared, args, warpgroup};
  // The last passes the turn to the first before anything else.
  if (warpgroup == T::kWarpgroups - 1) consumer.pass_turn();
  const int num_items = args.num_work * args.num_kv_heads;
  for (int turn = 0; item_of_turn(turn) < num_items; ++turn) {
    mbarrier_wait(shared + T::kQueriesFull, turn % 2);
    const Item item = load_shared<Item>(shared + T::kItemAt);
    sync_warp();  // all lanes have it before one of them tells the producer so
    if (item.num_queries * (args.num_heads / args.num_kv_heads) > warpgroup * 64)
      consumer.attend(item);
    else
      consumer.skip(item);
  }
  if (warpgroup == 0) consumer.await_turn();  // the turn that the last has passed
}

template <class T>
__global__ void __launch_bounds__(T::kThreads, 1)
    attention_sm90_kernel(const __grid_constant__ TensorMap queries,
                          const __grid_constant__ TensorMap keys_values, AttentionArgs args) {
  static_assert(T::kSharedBytes <= kMaxSharedBytes);
  const SharedAddress shared = shared_memory();
  if (thread_index() == 0) init_barriers<T>(shared);
  sync_block();
  const int warp = warp_uniform(thread_index() / 32);
  if (warp < 4) {
    give_registers<T::kProducerRegisters>();
    if (warp == 0 && lane() == 0) produce<T>(shared, queries, keys_values, args);
    if (warp == 1) clear_tails<T>(shared, args);
  } else {
    take_registers<T::kConsumerRegisters>();
    consume<T>(shared, args, warp / 4 - 1);
  }
}

template <class T>
Status run_tile(const AttentionArgs& args, Stream stream) {
  if (args.num_work == 0) return 0;
  const std::int64_t heads = args.num_heads, kv_heads = args.num_kv_heads;
  const std::int64_t head_bytes = T::kHeadDim * 2, row_bytes = (heads + 2 * kv_heads) * head_bytes;
  const int group = args.num_heads / args.num_kv_heads;
  const auto* qkv = static_cast<const char*>(args.qkv);
  TensorMap queries, keys_values;
  Status status = make_tensor_map(&queries, {qkv,
                                             {T::kHeadDim, heads, args.num_tokens},
                                             {head_bytes, row_bytes},
                                             {64, group, T::kRows / group}});
  if (status != 0) return status;
  status = make_tensor_map(&keys_values, {qkv + heads * head_bytes,
                                          {T::kHeadDim, 2 * kv_heads, args.num_tokens},
                                          {head_bytes, row_bytes},
                                          {64, 1, T::kKeys}});
  if (status != 0) return status;
  int multiprocessors = 0;
  status = count_multiprocessors(&multiprocessors);
  if (status != 0) return status;
  const int items = args.num_work * args.num_kv_heads;
  const Launch shape{items < multiprocessors ? items : multiprocessors, 1, T::kThreads,
                     T::kSharedBytes};
  return launch(attention_sm90_kernel<T>, shape, stream, queries, keys_values, args);
}

template <class Number>
using Tile64 = Tile<Number, 64, 3, 128, 2>;
template <class Number>
using Tile128 = Tile<Number, 128, 2, 128, 2>;

int rows(const AttentionArgs& args) {
  return args.head_dim == 64 ? Tile64<Bf16>::kRows : Tile128<Bf16>::kRows;
}

bool supports(const AttentionArgs& args, int capability) {
  return capability == 90 && (args.type == Type::bf16 || args.type == Type::fp16) &&
         (args.head_dim == 64 || args.head_dim == 128) && args.num_heads % args.num_kv_heads == 0 &&
         rows(args) % (args.num_heads / args.num_kv_heads) == 0;
}

std::int32_t query_tokens(const AttentionArgs& args) {
  return rows(args) / (args.num_heads / args.num_kv_heads);
}

template <class Number>
Status run_number(const AttentionArgs& args, Stream stream) {
  return args.head_dim == 64 ? run_tile<Tile64<Number>>(args, stream)
                             : run_tile<Tile128<Number>>(args, stream);
}

Status run(const AttentionArgs& args, Stream stream) {
  return args.type == Type::bf16 ? run_number<Bf16>(args, stream) : run_number<Fp16>(args, stream);
}

}  // namespace

const AttentionKernel kAttentionSm90 = {"sm90a", supports, query_tokens, run};

}  // namespace reranker::kernels::cuda
