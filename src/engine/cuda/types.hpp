#pragma once

#include <reranker/options.hpp>

#include "engine/cuda/device.hpp"
#include "kernels/cuda/types.hpp"
#include "model/network.hpp"

namespace reranker::engine::cuda {

using kernels::cuda::Type;

/// The types of what passes between operators. The residual is fp32 in all.
struct Types {
  Type type;  // of qkv, of gates and of what attention gives
  Type rows;  // of what norms and gates give to projections: e4m3, or `type`
};

/// What a precision computes in; automatic: fp16. Throws Error: unsupported.
Types choose_types(Precision precision, const Device& device);

/// Info::precision.
const char* name(const Types& types);

/// Throws Error: unsupported, where the kernels do not take a network's shapes.
void require_supported(const model::Network& network, const Types& types);

}  // namespace reranker::engine::cuda
