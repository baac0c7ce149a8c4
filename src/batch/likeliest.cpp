#include "batch/likeliest.hpp"

#include <algorithm>
#include <numeric>

namespace reranker::batch {
namespace {

// (query) Whether the chunk holds each of the query's tokens.
std::vector<bool> tokens_held(const std::vector<text::TokenId>& query, const Sequence& chunk,
                              std::size_t head_tokens) {
  std::vector<bool> held(query.size());
  for (std::size_t i = head_tokens; i < chunk.ids.size(); ++i) {
    const auto found = std::lower_bound(query.begin(), query.end(), chunk.ids[i]);
    if (found != query.end() && *found == chunk.ids[i]) held[found - query.begin()] = true;
  }
  return held;
}

// (chunks)
std::vector<std::size_t> points(const std::vector<std::vector<bool>>& held,
                                std::size_t num_tokens) {
  std::vector<std::size_t> out(held.size());
  for (std::size_t token = 0; token < num_tokens; ++token) {
    const auto holds = [token](const std::vector<bool>& chunk) { return chunk[token]; };
    const std::size_t worth = held.size() - std::count_if(held.begin(), held.end(), holds);
    for (std::size_t i = 0; i < held.size(); ++i)
      if (holds(held[i])) out[i] += worth;
  }
  return out;
}

}  // namespace

std::vector<std::size_t> likeliest(const std::vector<text::TokenId>& query,
                                   const std::vector<Sequence>& chunks, std::size_t head_tokens,
                                   std::size_t most) {
  std::vector<std::vector<bool>> held;
  held.reserve(chunks.size());
  for (const Sequence& chunk : chunks) held.push_back(tokens_held(query, chunk, head_tokens));
  const auto worth = points(held, query.size());

  std::vector<std::size_t> order(chunks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto from = order.begin() + (most > 1 && !order.empty() ? 1 : 0);
  std::stable_sort(from, order.end(),
                   [&](std::size_t a, std::size_t b) { return worth[a] > worth[b]; });
  order.resize(std::min(most, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace reranker::batch
