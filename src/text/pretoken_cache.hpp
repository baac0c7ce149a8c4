#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "text/hash.hpp"
#include "text/tokenizer.hpp"

namespace reranker::text {

/// Ids of pretokens seen before. Bounded: a pretoken has one slot, a newcomer takes it over, and
/// one that is long or falls into many ids is not kept.
class PretokenCache {
 public:
  /// Forgets everything.
  void clear() { slots_.clear(); }

  /// Appends the ids of `pretoken`, the ones that encode() appends where they are not known.
  template <typename Encode>
  void append(std::string_view pretoken, std::vector<TokenId>& ids, Encode&& encode) {
    if (pretoken.size() > kMaxBytes) return encode();
    const std::uint64_t hash = hash_bytes(pretoken);
    if (append_known(pretoken, hash, ids)) return;
    const std::size_t begin = ids.size();
    encode();
    keep(pretoken, hash, ids.data() + begin, ids.size() - begin);
  }

 private:
  bool append_known(std::string_view pretoken, std::uint64_t hash,
                    std::vector<TokenId>& ids) const {
    if (slots_.empty()) return false;
    const Slot& slot = slots_[hash % kSlots];
    if (slot.bytes != pretoken.size() ||
        std::memcmp(slot.pretoken, pretoken.data(), pretoken.size()) != 0)
      return false;
    ids.insert(ids.end(), slot.ids, slot.ids + slot.num_ids);
    return true;
  }

  void keep(std::string_view pretoken, std::uint64_t hash, const TokenId* ids,
            std::size_t num_ids) {
    if (num_ids > kMaxIds) return;
    if (slots_.empty()) slots_.resize(kSlots);
    Slot& slot = slots_[hash % kSlots];
    slot.bytes = static_cast<std::uint8_t>(pretoken.size());
    slot.num_ids = static_cast<std::uint8_t>(num_ids);
    std::memcpy(slot.pretoken, pretoken.data(), pretoken.size());
    std::copy(ids, ids + num_ids, slot.ids);
  }

  static constexpr std::size_t kSlots = 1 << 14;
  static constexpr std::size_t kMaxBytes = 30;
  static constexpr std::size_t kMaxIds = 8;

  // One line of the processor's cache.
  struct alignas(64) Slot {
    std::uint8_t bytes = 0;  // 0: nothing kept
    std::uint8_t num_ids = 0;
    char pretoken[kMaxBytes];
    TokenId ids[kMaxIds];
  };

  std::vector<Slot> slots_;
};

}  // namespace reranker::text
