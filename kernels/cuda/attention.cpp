#include "kernels/cuda/attention.hpp"

#include <algorithm>
#include <numeric>

namespace reranker::kernels::cuda {

const AttentionKernel& find_attention_kernel(const AttentionArgs& args, int capability) {
  for (const auto* kernel : {&kAttentionSm90, &kAttentionSm80}) {
    if (kernel->supports(args, capability)) return *kernel;
  }
  return kAttentionGeneric;
}

std::vector<AttentionWork> make_attention_work(const std::int32_t* offsets,
                                               std::int32_t num_sequences,
                                               std::int32_t query_tokens) {
  const auto length = [&](std::int32_t s) { return offsets[s + 1] - offsets[s]; };
  std::vector<std::int32_t> order(static_cast<std::size_t>(num_sequences));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return length(a) > length(b); });

  std::vector<AttentionWork> work;
  for (const auto s : order) {
    for (auto first = offsets[s]; first < offsets[s + 1]; first += query_tokens) {
      work.push_back(
          {first, std::min(query_tokens, offsets[s + 1] - first), offsets[s], length(s)});
    }
  }
  return work;
}

std::int64_t max_attention_work(std::int64_t num_tokens, std::int64_t num_sequences,
                                std::int32_t query_tokens) {
  // Each sequence rounds up by less than one item, and no item is without tokens.
  const auto rounded_up = (num_tokens + num_sequences * (query_tokens - 1)) / query_tokens;
  return std::min(num_tokens, rounded_up);
}

}  // namespace reranker::kernels::cuda
