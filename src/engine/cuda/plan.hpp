#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/cuda/call.hpp"
#include "model/network.hpp"

namespace reranker::engine::cuda {

/// Widths of the rows that a graph makes (models/*.py).
struct Widths {
  std::int64_t hidden = 0, qkv = 0, attention = 0;
  std::int64_t mlp = 0;             // what the MLP's last projection reads
  bool is_gated = false;            // that is made of gates and ups
  bool norms_residual = false;      // in its place: new_residual
  bool ends_in_first_rows = false;  // of attention, and of the residual

  explicit Widths(const model::Network& network);
};

/// An upper bound on the bytes that a pass takes from its arena, its inputs included.
std::size_t plan_bytes(const Widths& widths, const Types& types, std::int32_t query_tokens,
                       std::size_t num_tokens, std::size_t num_sequences);

/// Of the block of a pass's inputs, and of its logits.
std::size_t input_bytes(std::int32_t query_tokens, std::size_t num_tokens,
                        std::size_t num_sequences);
std::size_t logit_bytes(std::size_t num_sequences);

}  // namespace reranker::engine::cuda
