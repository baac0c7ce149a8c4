#pragma once

#include <cstddef>
#include <vector>

#include "batch/sequence.hpp"

namespace reranker::batch {

/// Deals sequences into batches of at most `token_budget` tokens, longest first; one that is
/// longer than the budget gets a batch of its own. Each batch lists indices into `sequences`, in
/// an order that depends on lengths and positions only.
std::vector<std::vector<std::size_t>> pack(const std::vector<Sequence>& sequences,
                                           std::size_t token_budget);

/// The batch of these sequences, ids end to end.
Batch join(const std::vector<Sequence>& sequences, const std::vector<std::size_t>& members);

}  // namespace reranker::batch
