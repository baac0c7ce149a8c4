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
  std::size_t bytes_read = 0;
};

/// Fits `passage` (valid UTF-8), the call's number `index`, into the window of `prompt`.
///
/// Chunks are byte ranges of the passage that begin and end at pretokens (inside one, at
/// characters, where a single pretoken passes the window), each encoded as the prompt with that
/// text; each begins at three quarters of the one before it; `max_chunks` (1 or more) from the
/// passage's beginning.
Fitted fit(const text::Prompt& prompt, std::string_view passage, std::size_t index,
           Overflow overflow, std::size_t max_chunks);

}  // namespace reranker::batch
