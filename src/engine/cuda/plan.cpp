#include "engine/cuda/plan.hpp"

#include <algorithm>

#include "engine/cuda/inputs.hpp"

namespace reranker::engine::cuda {

Widths::Widths(const model::Network& network)
    : hidden(0),
      qkv((network.num_heads + 2 * network.num_kv_heads) * network.head_dim),
      attention(network.num_heads * network.head_dim),
      gate_up(0) {
  for (const model::Weight& weight : network.weights) {
    if (weight.kind == model::Weight::Kind::embedding) hidden = weight.cols;
    if (weight.kind == model::Weight::Kind::gated_linear) gate_up = weight.rows;
  }
}

// The padding is a sequence of its own.
std::size_t input_bytes(std::int32_t query_tokens, std::size_t num_tokens,
                        std::size_t num_sequences) {
  const auto tokens = static_cast<std::int32_t>(padded(num_tokens));
  const auto sequences = static_cast<std::int32_t>(num_sequences + 1);
  const auto work = kernels::cuda::max_attention_work(tokens, sequences, query_tokens);
  return Layout({tokens, sequences, static_cast<std::int32_t>(work)}).bytes;
}

std::size_t logit_bytes(std::size_t num_sequences) {
  return rounded((num_sequences + 1) * sizeof(float));
}

// The graph keeps the residual and, beside it, at most: the normalised rows with qkv; qkv with what
// attention gives, which takes the normalised rows' place where it fits there; or the normalised
// rows with gates and ups and what becomes of them.
std::size_t plan_bytes(const Widths& widths, const Types& types, std::int32_t query_tokens,
                       std::size_t num_tokens, std::size_t num_sequences) {
  const auto tokens = static_cast<std::int64_t>(padded(num_tokens));
  const auto rows = [&](std::int64_t width, Type type) {
    return bytes_of_rows(tokens, width, type);
  };
  const std::size_t normalised = rows(widths.hidden, types.rows);
  const std::size_t attended = rows(widths.attention, types.type);
  const std::size_t at_attention =
      normalised + rows(widths.qkv, types.type) + (attended > normalised ? attended : 0);
  const std::size_t at_mlp =
      normalised + rows(widths.gate_up, types.type) + rows(widths.gate_up / 2, types.rows);
  return input_bytes(query_tokens, num_tokens, num_sequences) + rows(widths.hidden, Type::fp32) +
         std::max(at_attention, at_mlp) + rows(1, Type::fp32) + logit_bytes(num_sequences);
}

}  // namespace reranker::engine::cuda
