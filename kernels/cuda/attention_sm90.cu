#include "kernels/cuda/attention.hpp"

#include <cmath>

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

constexpr int kWarpgroup = 128;      // threads
constexpr int kRowBytes = 128;       // of a tile with 128-byte swizzle: 64 numbers
constexpr int kGroupBytes = 8 * kRowBytes;  // of 8 rows, after which the swizzle repeats

template <class NumberType, int kHeadDimValue, int kWarpgroupsValue, int kKeysValue,
          int kStagesValue, bool kTurnsValue = true, int kPolynomialValue = 0, int kRiseValue = 8,
          bool kEarlyValue = true, bool kAheadValue = false>
struct Tile {
  using Number = NumberType;
  static constexpr int kHeadDim = kHeadDimValue;
  static constexpr int kWarpgroups = kWarpgroupsValue;  // consumers
  static constexpr int kKeys = kKeysValue;              // of a block
  static constexpr int kStages = kStagesValue;
  static constexpr bool kTurns = kTurnsValue;
  static constexpr int kPolynomial = kPolynomialValue;  // every which exp2 goes to the FMA pipe
  static constexpr int kRise = kRiseValue;
  static constexpr bool kEarly = kEarlyValue;
  static constexpr bool kAhead = kAheadValue;

  static constexpr int kRows = 64 * kWarpgroups;
  static constexpr int kParts = kHeadDim / 64;  // a tile is that many tiles of 64 columns
  static constexpr int kThreads = kWarpgroup * (kWarpgroups + 1);
  // 65536 registers; the producer gives what it can.
  static constexpr int kProducerRegisters = kWarpgroups == 2 ? 40 : 32;
  static constexpr int kConsumerRegisters = kWarpgroups == 2 ? 232 : 160;

  static constexpr int kQueryBytes = kRows * kHeadDim * 2;
  static constexpr int kBlockBytes = kKeys * kHeadDim * 2;  // of keys, of values
  static constexpr int kKeysAt = kQueryBytes;
  static constexpr int kValuesAt = kKeysAt + kStages * kBlockBytes;
  static constexpr int kItemAt = kValuesAt + kStages * kBlockBytes;  // an Item
  static constexpr int kBarriersAt = kItemAt + 16;
  static constexpr int kSharedBytes = kBarriersAt + 8 * (2 + 5 * kStages);
  static_assert(kQueryBytes % kGroupBytes == 0 && kBlockBytes / kParts % kGroupBytes == 0);

  static constexpr int kQueriesFull = kBarriersAt;
  static constexpr int kQueriesEmpty = kQueriesFull + 8;
  static constexpr int kKeysFull = kQueriesEmpty + 8;
  static constexpr int kKeysEmpty = kKeysFull + 8 * kStages;
  static constexpr int kValuesFull = kKeysEmpty + 8 * kStages;
  static constexpr int kValuesEmpty = kValuesFull + 8 * kStages;
  static constexpr int kTailFull = kValuesEmpty + 8 * kStages;  // values whose tail must be cleared
};

// A stage of a ring and how often it was used before, modulo 2.
template <int kStages>
struct Place {
  int stage = 0;
  std::uint32_t parity = 0;

  RERANKER_DEVICE void advance() {
    if (++stage < kStages) return;
    stage = 0;
    parity ^= 1;
  }
};

// What the producer tells the consumers of an item.
struct alignas(16) Item {
  std::int32_t first_query;  // row of qkv
  std::int32_t num_queries;
  std::int32_t num_keys;
  std::int32_t kv_head;
};

// Blocks take items in turns, there and back: the work is sorted, and no block has the longest item
// of every turn.
RERANKER_DEVICE int item_of_turn(int turn) {
  const int place = turn % 2 == 0 ? block_x() : num_blocks_x() - 1 - block_x();
  return turn * num_blocks_x() + place;
}

RERANKER_DEVICE AttentionWork load_work(const AttentionArgs& args, int item) {
  const auto* from = &args.work[item / args.num_kv_heads].first_query;
  return {load_global(from), load_global(from + 1), load_global(from + 2), load_global(from + 3)};
}

RERANKER_DEVICE int lane() {
  return thread_index() % 32;
}

template <class T>
RERANKER_DEVICE void init_barriers(SharedAddress shared) {
  constexpr int kConsumers = 4 * T::kWarpgroups;  // one lane of every warp arrives
  mbarrier_init(shared + T::kQueriesFull, 1);
  mbarrier_init(shared + T::kQueriesEmpty, kConsumers);
  for (int stage = 0; stage < T::kStages; ++stage) {
    mbarrier_init(shared + T::kKeysFull + 8 * stage, 1);
    mbarrier_init(shared + T::kKeysEmpty + 8 * stage, kConsumers);
    mbarrier_init(shared + T::kValuesFull + 8 * stage, 1);
    mbarrier_init(shared + T::kValuesEmpty + 8 * stage, kConsumers);
    mbarrier_init(shared + T::kTailFull + 8 * stage, 1);
  }
  fence_mbarrier_init();
}

// Brings a tile of `rows` rows, all its columns, from head `head` and token `token` on.
template <class T>
RERANKER_DEVICE void load_tile(SharedAddress to, int rows, const TensorMap& map,
                               SharedAddress full, int head, int token) {
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
  Place<T::kStages> keys_place, values_place;
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

// Over the four lanes that share a row.
RERANKER_DEVICE float max_of_row(float value) {
  value = fmaxf(value, shuffle_xor(value, 1));
  return fmaxf(value, shuffle_xor(value, 2));
}
RERANKER_DEVICE float sum_of_row(float value) {
  value += shuffle_xor(value, 1);
  return value + shuffle_xor(value, 2);
}

// 2^x without the special function unit, which is as busy as the tensor cores: x = n + f,
// |f| <= 1/2; a polynomial of relative error 1e-4 gives 2^f and n is added to its exponent.
RERANKER_DEVICE float exp2_polynomial(float x) {
  union Bits {
    float value;
    std::uint32_t bits;
  };
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: a sum with it has n in its lowest bits
  x = fmaxf(x, -125.0f);
  const Bits n{x + kRound};
  const float f = x - (n.value - kRound);
  Bits power{((0.05517166f * f + 0.24261113f) * f + 0.69326097f) * f + 0.99992807f};
  power.bits += n.bits << 23;
  return power.value;
}

// A thread holds two rows of a warp's 16: lane / 4 and that plus 8; of scores it holds columns
// 8 i + lane % 4 * 2 and the next, score 4 i + 2 row + column % 2.
template <class T>
struct Softmax {
  float scale;   // of scores, with log2(e)
  float max[2];  // that probabilities refer to: not above the true maximum, and near it
  float sum[2];  // of this thread's columns

  RERANKER_DEVICE static void find_maxima(float (&max)[2], const float (&scores)[T::kKeys / 2]) {
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      float even = scores[2 * row], odd = scores[2 * row + 1];
#pragma unroll
      for (int i = 1; i < T::kKeys / 8; ++i) {
        even = fmaxf(even, scores[4 * i + 2 * row]);
        odd = fmaxf(odd, scores[4 * i + 2 * row + 1]);
      }
      max[row] = max_of_row(fmaxf(even, odd));
    }
  }

  // `rows` counts those of the warp that are queries, from this thread's first row on.
  RERANKER_DEVICE void start(const float (&scores)[T::kKeys / 2], int rows) {
    find_maxima(max, scores);
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      if (rows <= 8 * row) max[row] = INFINITY;  // no query: never rises, so that it moves no other
      sum[row] = 0.0f;
    }
  }

  // Follows the maxima if one of the warp rose by so much that probabilities became large. Gives
  // whether, and what earlier sums must be multiplied by.
  RERANKER_DEVICE bool rise(float (&factor)[2], const float (&scores)[T::kKeys / 2]) {
    float top[2];
    find_maxima(top, scores);
    if (T::kRise > 0) {
      constexpr float kMost = T::kRise;  // probabilities up to 2^kMost
      const bool rises =
          (top[0] - max[0]) * scale > kMost || (top[1] - max[1]) * scale > kMost;
      if (!any_of_warp(rises)) return false;
    }
#pragma unroll
    for (int row = 0; row < 2; ++row) {
      top[row] = fmaxf(top[row], max[row]);
      factor[row] = exp2_approx((max[row] - top[row]) * scale);
      max[row] = top[row];
      sum[row] *= factor[row];
    }
    return true;
  }

  RERANKER_DEVICE void exponentiate(float (&scores)[T::kKeys / 2]) {
    const float offset[2] = {max[0] * scale, max[1] * scale};
#pragma unroll
    for (int i = 0; i < T::kKeys / 2; ++i) {
      const int row = i / 2 % 2;
      const float x = scores[i] * scale - offset[row];
      const bool polynomial = T::kPolynomial > 0 && i % (T::kPolynomial + (T::kPolynomial == 0)) ==
                                                        T::kPolynomial - 1;
      scores[i] = polynomial ? exp2_polynomial(x) : exp2_approx(x);
      sum[row] += scores[i];
    }
  }
};

// Scores of keys beyond the sequence.
template <class T>
RERANKER_DEVICE void mask(float (&scores)[T::kKeys / 2], int num_keys) {
  const int last = num_keys - lane() % 4 * 2;
#pragma unroll
  for (int i = 0; i < T::kKeys / 2; ++i)
    if (i / 4 * 8 + i % 2 >= last) scores[i] = -INFINITY;
}

// The accumulator's layout is the operand's, two blocks of 8 columns after another.
template <class T>
RERANKER_DEVICE void round(Words4 (&p)[T::kKeys / 16], const float (&scores)[T::kKeys / 2]) {
#pragma unroll
  for (int i = 0; i < T::kKeys / 4; ++i)
    p[i / 4].w[i % 4] = T::Number::pack(scores[2 * i], scores[2 * i + 1]);
}

// Word i of lane j of four becomes word j of lane i.
RERANKER_DEVICE void transpose(Words4& m) {
#pragma unroll
  for (int step = 1; step <= 2; step *= 2) {
    const bool upper = (lane() & step) != 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if ((i & step) != 0) continue;
      std::uint32_t& low = m.w[i];
      std::uint32_t& high = m.w[i + step];
      const std::uint32_t other = shuffle_xor(upper ? low : high, step);
      (upper ? low : high) = other;
    }
  }
}

template <class T>
struct Consumer {
  SharedAddress shared;
  const AttentionArgs& args;
  int warpgroup;
  Place<T::kStages> keys_place, values_place;

  RERANKER_DEVICE SharedAddress queries() const {
    return shared + warpgroup * 64 * kRowBytes;
  }
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
  RERANKER_DEVICE void await_turn() const {
    if (T::kTurns) sync_named(1 + warpgroup, 2 * kWarpgroup);
  }
  RERANKER_DEVICE void pass_turn() const {
    if (T::kTurns) arrive_named(1 + (warpgroup + 1) % T::kWarpgroups, 2 * kWarpgroup);
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
      if (T::kEarly) wgmma_wait<0>(out);
      softmax.exponentiate(scores);
      if (!T::kEarly) {
        wgmma_wait<1>(scores);
        wgmma_wait<0>(out);
      }
      release_values();
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

  using Scores = float[T::kKeys / 2];
  using Sums = float[T::kHeadDim / 2];
  using Probabilities = Words4[T::kKeys / 16];

  RERANKER_DEVICE void follow(Softmax<T>& softmax, Scores& next, Sums& out, bool more) {
    float factor[2];
    const bool rose = softmax.rise(factor, next);
    softmax.exponentiate(next);
    if (!T::kEarly) wgmma_wait<2>(next);
    if (more)
      wgmma_wait<1>(out);
    else
      wgmma_wait<0>(out);
    release_values();
    if (rose) {
#pragma unroll
      for (int i = 0; i < T::kHeadDim / 2; ++i) out[i] *= factor[i / 2 % 2];
    }
  }
  RERANKER_DEVICE void ahead(Softmax<T>& softmax, Scores& now, Scores& next, Probabilities& p,
                             Sums& out, Place<T::kStages>& reading) {
    round<T>(p, now);
    wait_values();
    mbarrier_wait(shared + T::kKeysFull + 8 * reading.stage, reading.parity);
    await_turn();
    start_sums<T>(out, p, values());
    start_scores<T>(now, queries(), shared + T::kKeysAt + reading.stage * T::kBlockBytes);
    pass_turn();
    reading.advance();
    wgmma_wait<2>(next);
    release_keys();
    follow(softmax, next, out, true);
  }
  RERANKER_DEVICE void finish(Softmax<T>& softmax, Scores& now, Scores& next, Probabilities& p,
                              Sums& out) {
    round<T>(p, now);
    wait_values();
    start_sums<T>(out, p, values());
    wgmma_wait<1>(next);
    release_keys();
    if (lane() == 0) mbarrier_arrive(shared + T::kQueriesEmpty);
    follow(softmax, next, out, false);
    round<T>(p, next);
  }
  RERANKER_DEVICE void attend_ahead(const Item& item) {
    Scores a, b;
    Sums out;
    Probabilities p;
    Softmax<T> softmax;
    softmax.scale = kLog2E * rsqrt_approx(static_cast<float>(T::kHeadDim));
#pragma unroll
    for (float& o : out) o = 0.0f;
    const int blocks = (item.num_keys + T::kKeys - 1) / T::kKeys;
    auto reading = keys_place;
    wait_keys();
    start_scores<T>(a, queries(), keys());
    reading.advance();
    if (blocks > 1) {
      mbarrier_wait(shared + T::kKeysFull + 8 * reading.stage, reading.parity);
      start_scores<T>(b, queries(), shared + T::kKeysAt + reading.stage * T::kBlockBytes);
      reading.advance();
      wgmma_wait<1>(a);
    } else {
      wgmma_wait<0>(a);
    }
    release_keys();
    if (item.num_keys % T::kKeys != 0) mask<T>(a, item.num_keys % T::kKeys);
    softmax.start(a, item.num_queries * (args.num_heads / args.num_kv_heads) - row());
    softmax.exponentiate(a);
    if (blocks == 1) {
      if (lane() == 0) mbarrier_arrive(shared + T::kQueriesEmpty);
      round<T>(p, a);
    } else {
      for (int left = blocks - 2;;) {
        if (left == 0) {
          finish(softmax, a, b, p, out);
          break;
        }
        ahead(softmax, a, b, p, out, reading);
        if (--left == 0) {
          finish(softmax, b, a, p, out);
          break;
        }
        ahead(softmax, b, a, p, out, reading);
        --left;
      }
    }
    wait_values();
    start_sums<T>(out, p, values());
    wgmma_wait<0>(out);
    release_values();
    write(item, softmax, out);
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
      const std::int64_t at = static_cast<std::int64_t>(item.first_query + token) * args.num_heads + head;
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
  if (T::kTurns && warpgroup == T::kWarpgroups - 1) consumer.pass_turn();
  const int num_items = args.num_work * args.num_kv_heads;
  for (int turn = 0; item_of_turn(turn) < num_items; ++turn) {
    mbarrier_wait(shared + T::kQueriesFull, turn % 2);
    const Item item = load_shared<Item>(shared + T::kItemAt);
    if constexpr (T::kAhead)
      consumer.attend_ahead(item);
    else
      consumer.attend(item);
  }
  if (T::kTurns && warpgroup == 0) consumer.await_turn();  // the turn that the last has passed
}

template <class T>
__global__ void __launch_bounds__(T::kThreads, 1)
    attention_sm90_kernel(const __grid_constant__ TensorMap queries,
                          const __grid_constant__ TensorMap keys_values, AttentionArgs args) {
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
