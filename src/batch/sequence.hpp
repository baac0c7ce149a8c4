#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reranker::batch {

/// What the encoder reads as one: a prompt with a passage, or with a chunk of one.
struct Sequence {
  std::vector<std::int32_t> ids;
  std::size_t passage = 0;  // the passage's index in its call
  std::size_t begin = 0;    // the bytes of the passage that the ids cover
  std::size_t end = 0;
  std::size_t num_type_1 = 0;  // so many ids at the end are of token type 1, those before of type 0
};

/// Sequences that one forward pass reads, end to end and without padding.
struct Batch {
  std::vector<std::int32_t> ids;      // (num_tokens)
  std::vector<std::int32_t> offsets;  // (num_sequences + 1), where each begins; the last is the end
  // (num_sequences), how many tokens of each are of type 0: those of type 1 begin behind them
  std::vector<std::int32_t> type_1_begins;

  std::size_t num_tokens() const { return ids.size(); }
  std::size_t num_sequences() const { return type_1_begins.size(); }
};

}  // namespace reranker::batch
