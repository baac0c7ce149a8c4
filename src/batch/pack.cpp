#include "batch/pack.hpp"

#include <algorithm>
#include <numeric>

namespace reranker::batch {

std::vector<std::vector<std::size_t>> pack(const std::vector<Sequence>& sequences,
                                           std::size_t token_budget) {
  std::vector<std::size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sequences[a].ids.size() > sequences[b].ids.size();
  });

  std::vector<std::vector<std::size_t>> batches;
  std::size_t room = 0;
  for (const std::size_t index : order) {
    const std::size_t length = sequences[index].ids.size();
    if (batches.empty() || length > room) {
      batches.emplace_back();
      room = std::max(token_budget, length);
    }
    batches.back().push_back(index);
    room -= length;
  }
  return batches;
}

Batch join(const std::vector<Sequence>& sequences, const std::vector<std::size_t>& members) {
  Batch batch;
  batch.offsets.push_back(0);
  for (const std::size_t index : members) {
    const Sequence& sequence = sequences[index];
    batch.ids.insert(batch.ids.end(), sequence.ids.begin(), sequence.ids.end());
    batch.offsets.push_back(static_cast<std::int32_t>(batch.ids.size()));
    batch.type_1_begins.push_back(
        static_cast<std::int32_t>(sequence.ids.size() - sequence.num_type_1));
  }
  return batch;
}

}  // namespace reranker::batch
