#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/network.hpp"

// How a checkpoint's tensors are read on their way into an engine's weights: a few megabytes at a
// time, so that never much more than the weights is in memory.

namespace reranker::engine {

/// Some rows of a tensor: what is read and put into place at once.
struct Piece {
  std::size_t weight;  // index into Network::weights
  const model::Tensor* tensor;
  std::int64_t first_row;  // in the tensor
  std::int64_t num_rows;
  std::int64_t rows_above;  // in the weight, before the tensor
  std::uint64_t hash = 0;   // of its bytes, once they are read

  std::size_t row_bytes() const {
    return tensor->bytes / static_cast<std::size_t>(tensor->shape[0]);
  }
  std::size_t bytes() const { return row_bytes() * static_cast<std::size_t>(num_rows); }
  std::size_t begin() const { return row_bytes() * static_cast<std::size_t>(first_row); }

  std::int64_t row_in_weight() const { return rows_above + first_row; }
  std::size_t begin_in_weight() const {
    return row_bytes() * static_cast<std::size_t>(row_in_weight());
  }
};

/// All tensors of a network, in its weights' order.
std::vector<Piece> cut(const model::Network& network);

/// Reads a piece's bytes and fills in their hash. Throws Error: model_invalid.
void read(const model::Checkpoint& checkpoint, Piece& piece, void* data);

/// Over names, types and bytes of all that was read: the same in every engine.
std::uint64_t hash(const std::vector<Piece>& pieces);

/// A number of a tensor's type.
float widen(model::DType dtype, const char* at);
std::vector<float> widen_all(model::DType dtype, const char* data, std::size_t count);

/// The type of the tensors stacked in a weight, or fp32 where they differ.
model::DType common_type(const model::Weight& weight);

}  // namespace reranker::engine
