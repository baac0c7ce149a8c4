#include "engine/cuda/plan.hpp"

#include <algorithm>

#include "engine/cuda/inputs.hpp"

namespace reranker::engine::cuda {

Widths::Widths(const model::Network& network)
    : qkv((network.num_heads + 2 * network.num_kv_heads) * network.head_dim),
      attention(network.num_heads * network.head_dim),
      norms_residual(network.norms_residual),
      ends_in_first_rows(network.floats_per_sequence > 0) {
  for (const model::Weight& weight : network.weights) {
    if (weight.is_added_to_residual()) hidden = weight.rows;
    if (weight.reads == model::Weight::Reads::mlp) mlp = weight.cols;
    if (weight.kind == model::Weight::Kind::gated_linear) is_gated = true;
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
// attention gives, which takes the normalised rows' place where it fits there, unless those lie
// behind the residual; or the normalised rows with what the MLP makes, and its gates and ups. A
// graph that goes on with first rows alone has what attention gave them and their residual, too.
std::size_t plan_bytes(const Widths& widths, const Types& types, std::int32_t query_tokens,
                       std::size_t num_tokens, std::size_t num_sequences) {
  const auto tokens = static_cast<std::int64_t>(padded(num_tokens));
  const auto rows = [&](std::int64_t width, Type type) {
    return bytes_of_rows(tokens, width, type);
  };
  const std::size_t residual = widths.norms_residual
                                   ? bytes_of_residual(tokens, widths.hidden, types)
                                   : rows(widths.hidden, Type::fp32);
  const std::size_t normalised = widths.norms_residual ? 0 : rows(widths.hidden, types.rows);
  const std::size_t attended = rows(widths.attention, types.type);
  const std::size_t at_attention =
      normalised + rows(widths.qkv, types.type) + (attended > normalised ? attended : 0);
  const std::size_t at_mlp = normalised + rows(widths.mlp, types.rows) +
                             (widths.is_gated ? rows(2 * widths.mlp, types.type) : 0);
  const auto sequences = static_cast<std::int64_t>(num_sequences + 1);  // and the padding
  const std::size_t first_rows = widths.ends_in_first_rows
                                     ? bytes_of_rows(sequences, widths.attention, types.type) +
                                           bytes_of_residual(sequences, widths.hidden, types)
                                     : 0;
  return input_bytes(query_tokens, num_tokens, num_sequences) + residual +
         std::max(at_attention, at_mlp) + first_rows + rows(1, Type::fp32) +
         logit_bytes(num_sequences);
}

}  // namespace reranker::engine::cuda
