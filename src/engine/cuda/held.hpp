#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/cuda/plan.hpp"
#include "engine/cuda/recordings.hpp"
#include "engine/cuda/weights.hpp"
#include "engine/engine.hpp"
#include "engine/graph.hpp"

namespace reranker::engine::cuda {

/// Tokens of a pass beyond which larger ones fill the device no better.
constexpr std::size_t kEnoughTokens = 16384;

/// What an encoder holds on its device, which is the thread's current one when it is made and when
/// it goes.
struct Held {
  /// Of what require_supported lets through. Throws Error, Failure.
  Held(const Blueprint& blueprint, const Device& device, const Types& of);

  std::size_t plan(std::size_t num_tokens, std::size_t num_sequences) const {
    return plan_bytes(widths, types, query_tokens, num_tokens, num_sequences);
  }

  Widths widths;
  Types types;
  const kernels::cuda::AttentionKernel* attention = nullptr;
  std::int32_t query_tokens = 0;  // of a work item, at most
  OwnStream stream;
  kernels::cuda::Linear linear;
  Weights weights;
  DeviceMemory rope_table;
  DeviceMemory working_memory;
  std::optional<PinnedMemory> staging;  // a pass's inputs, and its logits
  std::optional<PinnedMemory> logits;
  std::optional<Graph> graph;  // goes before what its tensors lie in
  Recordings recordings;

 private:
  void choose_product(const kernels::cuda::LinearShape& shape);
  void choose_attention(const model::Network& network, const Device& device);
  void make_rope_table(const Blueprint& blueprint);
  void take_working_memory(std::size_t limit, const Device& device);
};

}  // namespace reranker::engine::cuda
