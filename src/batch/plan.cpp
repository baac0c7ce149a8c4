#include "batch/plan.hpp"

#include <algorithm>

namespace reranker::batch {

std::size_t affordable_budget(std::size_t num_sequences, std::size_t wanted,
                              std::size_t memory_limit, const MemoryPlan& plan) {
  if (memory_limit == 0) return wanted;
  std::size_t low = 0;  // fits: every sequence is then a pass of its own
  std::size_t high = wanted + 1;
  while (high - low > 1) {
    const std::size_t tokens = low + (high - low) / 2;
    const bool fits = plan(tokens, std::min(tokens, num_sequences)) <= memory_limit;
    (fits ? low : high) = tokens;
  }
  return low;
}

}  // namespace reranker::batch
