#include "engine/cuda/inputs.hpp"

#include <algorithm>
#include <cstring>

#include "engine/cuda/device.hpp"

namespace reranker::engine::cuda {
namespace {

std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

template <typename Value>
void copy(const std::vector<Value>& values, char* to) {
  std::memcpy(to, values.data(), values.size() * sizeof(Value));
}

}  // namespace

// In steps of 32, then of an eighth to a quarter, so that little is computed in vain.
std::size_t padded(std::size_t num_tokens) {
  if (num_tokens > kMostPadded) return num_tokens;
  return round_up(num_tokens, num_tokens <= 256 ? 32 : num_tokens <= 512 ? 64 : 128);
}

Layout::Layout(const Extents& extents) {
  const auto tokens = static_cast<std::size_t>(extents.num_tokens);
  const auto sequences = static_cast<std::size_t>(extents.num_sequences);
  const auto items = static_cast<std::size_t>(extents.num_work);
  const std::size_t of_tokens = rounded(tokens * sizeof(std::int32_t));
  const std::size_t of_sequences = rounded((sequences + 1) * sizeof(std::int32_t));
  positions = of_tokens;
  token_types = positions + of_tokens;
  offsets = token_types + of_tokens;
  type_1_begins = offsets + of_sequences;
  work = type_1_begins + of_sequences;
  bytes = work + rounded(items * sizeof(kernels::cuda::AttentionWork));
}

Inputs::Inputs(const batch::Batch& batch, std::int32_t query_tokens)
    : batch_(batch), offsets_(batch.offsets) {
  const auto all = static_cast<std::int32_t>(padded(batch.num_tokens()));
  if (all > offsets_.back()) offsets_.push_back(all);
  extents_.num_tokens = all;
  extents_.num_sequences = static_cast<std::int32_t>(offsets_.size() - 1);
  work_ = kernels::cuda::make_attention_work(offsets_.data(), extents_.num_sequences, query_tokens);
  extents_.num_work = static_cast<std::int32_t>(work_.size());
}

void Inputs::write(const Layout& layout, char* to) const {
  std::memset(to, 0, layout.bytes);
  copy(batch_.ids, to);
  copy(offsets_, to + layout.offsets);
  copy(batch_.type_1_begins, to + layout.type_1_begins);
  copy(work_, to + layout.work);
  // The padding stays at position 0 and of type 0, which every table has.
  auto* position = reinterpret_cast<std::int32_t*>(to + layout.positions);
  auto* type = reinterpret_cast<std::int32_t*>(to + layout.token_types);
  for (std::size_t s = 0; s + 1 < batch_.offsets.size(); ++s)
    for (std::int32_t p = 0; p < batch_.offsets[s + 1] - batch_.offsets[s]; ++p) {
      *position++ = p;
      *type++ = p < batch_.type_1_begins[s] ? 0 : 1;
    }
}

}  // namespace reranker::engine::cuda
