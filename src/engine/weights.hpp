#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/arithmetic/arithmetic.hpp"
#include "engine/engine.hpp"

namespace reranker::engine {

/// A network's weights as the graph's operators read them.
struct Weights {
  std::map<std::string, at::Tensor> single;              // attribute -> tensor
  std::map<std::string, std::vector<at::Tensor>> lists;  // attribute -> one tensor a layer
  std::vector<kernels::LinearWeights> projections;       // every packed one
  std::size_t bytes = 0;
  std::uint64_t hash = 0;
  std::string storage;  // of the projections: Description::weights
};

/// Reads every tensor once, on all threads of the crew, a few megabytes at a time and straight
/// into place, so that little more than the packed weights is ever in memory.
/// Throws Error: model_invalid, out_of_memory.
Weights load_weights(const Blueprint& blueprint, const Arithmetic& arithmetic);

}  // namespace reranker::engine
