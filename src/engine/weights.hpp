#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/arithmetic/arithmetic.hpp"
#include "engine/engine.hpp"
#include "engine/graph_weights.hpp"

namespace reranker::engine {

/// A network's weights, packed for the CPU.
struct Weights : GraphWeights {
  std::vector<kernels::LinearWeights> projections;  // every packed one
  std::size_t bytes = 0;
  std::uint64_t hash = 0;
  std::string storage;  // of the projections: Description::weights
};

/// Reads every tensor once, on all threads of the crew, a few megabytes at a time and straight
/// into place, so that little more than the packed weights is ever in memory.
/// Throws Error: model_invalid, out_of_memory.
Weights load_weights(const Blueprint& blueprint, const Arithmetic& arithmetic);

}  // namespace reranker::engine
