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
};

/// Sequences that one forward pass reads, end to end and without padding.
struct Batch {
  std::vector<std::size_t> sequences;  // indices into the call's sequences
  std::vector<std::int32_t> ids;       // (num_tokens)
  std::vector<std::int32_t> offsets;  // (num_sequences + 1), where each begins; the last is the end

  std::size_t num_tokens() const { return ids.size(); }
  std::size_t num_sequences() const { return sequences.size(); }
};

}  // namespace reranker::batch
