#pragma once

#include <cstddef>
#include <functional>
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

/// Chunks of one passage: in the window of `prompt`, at most so many (1 or more).
struct ChunkWindow {
  const text::Prompt& prompt;
  std::size_t most;
};

/// Chunks of a passage over the window, and of one that has more than `article_tokens` tokens,
/// those counted that the frame puts in front of it. Windows of one query, no larger than for whole
/// passages.
struct Chunking {
  ChunkWindow chunks;
  std::size_t article_tokens;
  ChunkWindow article_chunks;
  std::function<void()> before_window = {};  // what it throws ends a passage of millions of windows
};

/// Fits `passage` (valid UTF-8), the call's number `index`, into the window of `prompt`; its chunks
/// into those of `chunking`, which counts only where `overflow` is chunk.
///
/// Chunks are byte ranges of the passage that begin and end at pretokens (inside one, at
/// characters, where a single pretoken passes the window), each encoded as the prompt with that
/// text; each begins at three quarters of the one before it. Where there are more than are wanted
/// the likeliest are read (likeliest.hpp), in the passage's order. `overflow` is not automatic.
Fitted fit(const text::Prompt& prompt, const Chunking& chunking, std::string_view passage,
           std::size_t index, Overflow overflow);

/// How many bytes of their passage the sequences cover together. They are in its order.
std::size_t bytes_covered(const std::vector<Sequence>& sequences);

}  // namespace reranker::batch
