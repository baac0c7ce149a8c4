#pragma once

#include "kernels/cuda/attention.hpp"
#include "kernels/cuda/ptx.hpp"

// The shape of attention_sm90.cu's blocks, and which item a block has when.

namespace reranker::kernels::cuda::sm90 {

constexpr int kWarpgroup = 128;             // threads
constexpr int kRowBytes = 128;              // of a tile with 128-byte swizzle: 64 numbers
constexpr int kGroupBytes = 8 * kRowBytes;  // of 8 rows, after which the swizzle repeats

template <class NumberType, int kHeadDimValue, int kWarpgroupsValue, int kKeysValue,
          int kStagesValue>
struct Tile {
  using Number = NumberType;
  static constexpr int kHeadDim = kHeadDimValue;
  static constexpr int kWarpgroups = kWarpgroupsValue;  // consumers
  static constexpr int kKeys = kKeysValue;              // of a block
  static constexpr int kStages = kStagesValue;

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

}  // namespace reranker::kernels::cuda::sm90
