#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/network.hpp"

// How a checkpoint's tensors are read on their way into an engine's weights: a few megabytes at a
// time, so that never much more than the weights is in memory.

namespace reranker::engine {

/// What a tensor's numbers are once they are read: codes become the fp32 that they stand for.
model::DType type_read(const model::Tensor& tensor);

/// Some rows of a tensor: what is read and put into place at once.
struct Piece {
  std::size_t weight;  // index into Network::weights
  const model::Tensor* tensor;
  std::int64_t first_row;  // in the tensor
  std::int64_t num_rows;
  std::int64_t rows_above;  // in the weight, before the tensor
  std::uint64_t hash = 0;   // of its bytes, once they are read

  // In type_read(*tensor).
  std::size_t row_bytes() const {
    const std::size_t as_stored = tensor->bytes / static_cast<std::size_t>(tensor->shape[0]);
    return as_stored / size_in_bytes(tensor->dtype) * size_in_bytes(type_read(*tensor));
  }
  std::size_t bytes() const { return row_bytes() * static_cast<std::size_t>(num_rows); }

  std::int64_t row_in_weight() const { return rows_above + first_row; }
  std::size_t begin_in_weight() const {
    return row_bytes() * static_cast<std::size_t>(row_in_weight());
  }
};

/// All tensors of a network, in its weights' order.
std::vector<Piece> cut(const model::Network& network);

/// Reads pieces, one after the other on one thread.
class PieceReader {
 public:
  explicit PieceReader(const model::Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  /// Fills `rows` (Piece::bytes) and the piece's hash. Throws Error: model_invalid.
  void read(Piece& piece, void* rows);

  /// The same of a piece of codes, as they are (num_rows, cols). Gives their scales (num_rows,
  /// blocks), valid until the next piece is read.
  const std::vector<float>& read_codes(Piece& piece, std::int8_t* codes);

 private:
  void read_scales(const Piece& piece);

  const model::Checkpoint& checkpoint_;
  std::vector<std::int8_t> codes_;   // of the last piece
  std::vector<char> stored_scales_;  // as the checkpoint has them
  std::vector<float> scales_;
};

/// Over names, types and bytes of all that was read: the same in every engine.
std::uint64_t hash(const std::vector<Piece>& pieces);

/// Numbers of a tensor's type.
std::vector<float> widen_all(model::DType dtype, const char* data, std::size_t count);

/// The type in which the tensors stacked in a weight are read, or fp32 where they differ.
model::DType common_type(const model::Weight& weight);

}  // namespace reranker::engine
