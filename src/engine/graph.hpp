#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "engine/graph_weights.hpp"
#include "model/network.hpp"

namespace reranker::engine {

/// A network's script, compiled over our own operators. Immutable; runs on any thread of ours.
class Graph {
 public:
  /// Throws Error: internal (the script and the operators do not fit each other).
  Graph(const model::Network& network, const GraphWeights& weights, at::Tensor rope_table);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// forward(ids, offsets) -> logits (num_sequences). What else operators need is to be found by
  /// them on this thread.
  at::Tensor run(const at::Tensor& ids, const at::Tensor& offsets) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reranker::engine
