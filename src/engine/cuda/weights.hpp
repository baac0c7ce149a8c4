#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/call.hpp"
#include "engine/engine.hpp"
#include "engine/graph_weights.hpp"

namespace reranker::engine::cuda {

/// A network's weights in the device's memory. Projections are kept in the type that they compute
/// in, with a scale a row behind those of e4m3; vectors and matrices in fp32; tables as they are.
struct Weights : GraphWeights {
  DeviceMemory memory;
  std::vector<kernels::cuda::LinearShape> shapes;  // of the projections
  std::uint64_t hash = 0;
};

/// Reads every tensor once, a few megabytes at a time, through pinned memory into the device's,
/// so that the host never holds more than those. Throws Error: model_invalid, out_of_memory;
/// Failure.
Weights load_weights(const Blueprint& blueprint, const Device& device, const Types& types);

}  // namespace reranker::engine::cuda
