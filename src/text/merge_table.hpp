#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "text/hash.hpp"
#include "text/tokenizer.hpp"
#include "text/vocabulary.hpp"

namespace reranker::text {

constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

/// What two neighbours become, and how early: the least rank goes first.
struct Merge {
  std::uint32_t rank = kNoRank;
  TokenId id = kNoToken;
};

/// Pairs of ids and their merges, in an open-addressing table.
class MergeTable {
 public:
  explicit MergeTable(std::size_t num_merges)
      : slots_(table_slots(num_merges)), filter_(slots_.size() / 8) {}

  /// A pair that is there already takes the new merge. Ids are 0 or more.
  void set(TokenId left, TokenId right, Merge merge) {
    const std::uint64_t hash = hash_pair(left, right);
    slots_[slot(hash, left, right)] = {left, right, merge};
    filter_[filter_word(hash)] |= filter_bit(hash);
  }

  /// The pair's merge, with kNoRank if it has none.
  Merge find(TokenId left, TokenId right) const {
    const std::uint64_t hash = hash_pair(left, right);
    if ((filter_[filter_word(hash)] & filter_bit(hash)) == 0) return {};
    return slots_[slot(hash, left, right)].merge;
  }

 private:
  struct Slot {
    TokenId left = kNoToken;
    TokenId right = kNoToken;
    Merge merge;
  };

  // The pair's slot, or the free one where it belongs.
  std::size_t slot(std::uint64_t hash, TokenId left, TokenId right) const {
    for (std::size_t i = hash;; ++i) {
      const Slot& candidate = slots_[i & (slots_.size() - 1)];
      const bool found = candidate.left == left && candidate.right == right;
      if (found || candidate.left == kNoToken) return i & (slots_.size() - 1);
    }
  }

  // Eight bits a slot in words of 64, from the part of the hash that places no slot.
  std::size_t filter_word(std::uint64_t hash) const { return hash >> 38 & (filter_.size() - 1); }
  static std::uint64_t filter_bit(std::uint64_t hash) {
    return std::uint64_t(1) << (hash >> 32 & 63);
  }

  std::vector<Slot> slots_;
  // Most pairs that are looked up have no merge: this says so without the miss in slots_.
  std::vector<std::uint64_t> filter_;
};

}  // namespace reranker::text
