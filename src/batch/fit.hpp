#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <reranker/options.hpp>
#include <reranker/result.hpp>

#include "batch/sequence.hpp"
#include "text/prompt.hpp"

namespace reranker::batch {

/// A passage as the sequences that stand for it; none where it is too_long.
struct Fitted {
  std::vector<Sequence> sequences;
  Status status = Status::ok;
  bool query_truncated = false;
};

/// Fits `passage` (valid UTF-8), the call's number `index`, into the window of `prompt`; its chunks
/// into that of `chunk_prompt`, the same query's and no larger.
///
/// Chunks are byte ranges of the passage that begin and end at pretokens (inside one, at
/// characters, where a single pretoken passes the window), each encoded as the prompt with that
/// text; each begins at three quarters of the one before it. Of more than `max_chunks` (1 or
/// more) the likeliest are read (likeliest.hpp), in the passage's order. `overflow` is not
/// automatic.
Fitted fit(const text::Prompt& prompt, const text::Prompt& chunk_prompt, std::string_view passage,
           std::size_t index, Overflow overflow, std::size_t max_chunks);

/// How many bytes of their passage the sequences cover together. They are in its order.
std::size_t bytes_covered(const std::vector<Sequence>& sequences);

}  // namespace reranker::batch
