#pragma once

#include <cstddef>
#include <functional>

namespace reranker::batch {

/// Bytes that a pass over so many tokens of so many sequences may take; rises with both.
using MemoryPlan = std::function<std::size_t(std::size_t num_tokens, std::size_t num_sequences)>;

/// The largest token budget up to `wanted` whose passes stay within `memory_limit` bytes, whatever
/// of so many sequences they hold, each of which does so alone; `wanted` itself where the limit is
/// 0.
std::size_t affordable_budget(std::size_t num_sequences, std::size_t wanted,
                              std::size_t memory_limit, const MemoryPlan& plan);

}  // namespace reranker::batch
