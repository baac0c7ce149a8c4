#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

namespace reranker::text {

constexpr TokenId kNoToken = -1;

/// Byte strings and their ids, 0 to size() - 1. The bytes lie end to end in one array, the ids in
/// an open-addressing table.
class Vocabulary {
 public:
  /// Room for `num_tokens` ids, none of them set.
  explicit Vocabulary(std::size_t num_tokens);

  std::size_t size() const { return entries_.size(); }
  bool has(TokenId id) const { return entries_[id].set; }

  /// Gives up the ids from `num_tokens` on, none of them set.
  void resize(std::size_t num_tokens) { entries_.resize(num_tokens); }

  /// Sets an id that is not set. A token that `can_be_found` must have bytes that no other
  /// such token has; the rest are known by id only.
  void set(TokenId id, std::string_view bytes, bool can_be_found);

  std::string_view bytes(TokenId id) const {
    return {arena_.data() + entries_[id].begin, entries_[id].bytes};
  }

  /// The id of these bytes, or kNoToken.
  TokenId find(std::string_view bytes) const;

  /// Bytes of the longest token that can be found.
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  struct Entry {
    std::uint32_t begin = 0;
    std::uint32_t bytes = 0;
    bool set = false;
  };
  struct Slot {
    std::uint32_t tag = 0;  // the hash's upper half: tells most strangers without their bytes
    TokenId id = kNoToken;
  };

  std::vector<char> arena_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;
  std::size_t max_bytes_ = 0;
};

}  // namespace reranker::text
