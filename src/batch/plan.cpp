#include "batch/plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <reranker/error.hpp>

namespace reranker::batch {
namespace {

void require_each_fits(const std::vector<Sequence>& sequences, std::size_t memory_limit,
                       const MemoryPlan& plan) {
  for (const Sequence& sequence : sequences) {
    const std::size_t bytes = plan(sequence.ids.size(), 1);
    if (bytes <= memory_limit) continue;
    throw Error(ErrorCode::out_of_memory,
                fmt::format("passage {}: {} tokens need {} bytes of working memory, memory_limit "
                            "is {}, or all that its device had left",
                            sequence.passage, sequence.ids.size(), bytes, memory_limit));
  }
}

}  // namespace

std::size_t affordable_budget(const std::vector<Sequence>& sequences, std::size_t wanted,
                              std::size_t memory_limit, const MemoryPlan& plan) {
  if (memory_limit == 0) return wanted;
  require_each_fits(sequences, memory_limit, plan);

  std::size_t low = 0;  // fits: every sequence is then a pass of its own
  std::size_t high = wanted + 1;
  while (high - low > 1) {
    const std::size_t tokens = low + (high - low) / 2;
    const bool fits = plan(tokens, std::min(tokens, sequences.size())) <= memory_limit;
    (fits ? low : high) = tokens;
  }
  return low;
}

}  // namespace reranker::batch
