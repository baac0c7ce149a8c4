#include "text/vocabulary.hpp"

#include <algorithm>
#include <cassert>

#include "text/hash.hpp"

namespace reranker::text {

Vocabulary::Vocabulary(std::size_t num_tokens)
    : entries_(num_tokens), slots_(table_slots(num_tokens)) {}

void Vocabulary::set(TokenId id, std::string_view bytes, bool can_be_found) {
  assert(!has(id));
  entries_[id] = {static_cast<std::uint32_t>(arena_.size()),
                  static_cast<std::uint32_t>(bytes.size()), true};
  arena_.insert(arena_.end(), bytes.begin(), bytes.end());
  if (!can_be_found) return;

  max_bytes_ = std::max(max_bytes_, bytes.size());
  const std::uint64_t hash = hash_bytes(bytes);
  std::size_t i = hash & (slots_.size() - 1);
  while (slots_[i].id != kNoToken) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {static_cast<std::uint32_t>(hash >> 32), id};
}

TokenId Vocabulary::find(std::string_view wanted) const {
  const std::uint64_t hash = hash_bytes(wanted);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t i = hash;; ++i) {
    const Slot& slot = slots_[i & (slots_.size() - 1)];
    if (slot.id == kNoToken) return kNoToken;
    if (slot.tag == tag && bytes(slot.id) == wanted) return slot.id;
  }
}

}  // namespace reranker::text
