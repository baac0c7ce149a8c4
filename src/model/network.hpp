#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/safetensors.hpp"

namespace reranker::model {

/// A weight as the graph sees it: one attribute, made of tensors stacked by rows.
struct Weight {
  enum class Kind {
    embedding,     // (rows, cols) gathered by row
    linear,        // (rows, cols), y = x · Wᵀ
    gated_linear,  // gate rows, then as many up rows: y = silu(x · Gᵀ) * (x · Uᵀ)
    table,         // (rows, cols), kept as stored
    matrix,        // (rows, cols), kept in fp32
    vector,        // (rows), kept in fp32
  };
  enum class Reads { norm, attention, mlp };  // the rows that a projection multiplies

  std::string attribute;    // the graph's name for it
  std::int64_t layer = -1;  // position in the attribute's list; -1: not a list
  Kind kind = Kind::vector;
  std::vector<Tensor> parts;  // from top to bottom
  std::int64_t rows = 0;
  std::int64_t cols = 1;
  Reads reads = Reads::norm;

  bool is_projection() const { return kind == Kind::linear || kind == Kind::gated_linear; }
  /// Attention and MLP each end in a projection whose product is added to the residual.
  bool is_added_to_residual() const { return reads != Reads::norm; }
};

/// All that an engine needs to build an encoder: the script, its numbers and its weights.
struct Network {
  std::string architecture;
  std::string_view script;  // TorchScript text that defines forward(ids, offsets)
  std::map<std::string, std::int64_t> integers;  // the script's attributes
  std::map<std::string, double> numbers;
  std::vector<Weight> weights;
  std::vector<float> inverse_frequencies;  // (head_dim / 2); empty: positions are not turned

  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;
  bool norms_residual = false;  // in its place, after each addition; else norms make new rows
  /// Most floats a token that the script's values hold at one time.
  std::int64_t floats_per_token = 0;
  /// And a sequence, where the last layer goes on with rows of first tokens alone.
  std::int64_t floats_per_sequence = 0;
};

}  // namespace reranker::model
