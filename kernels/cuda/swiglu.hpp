#pragma once

#include "kernels/cuda/types.hpp"

// swiglu: out = silu(gate) * up, computed in fp32 and rounded once. e4m3 rows as in rms_norm.hpp.

namespace reranker::kernels::cuda {

struct SwigluArgs {
  void* out;            // (num_tokens, dim)
  float* scales;        // (num_tokens), of e4m3 rows; else null
  const void* gate_up;  // (num_tokens, 2 * dim): gates, then ups
  std::int32_t num_tokens;
  std::int32_t dim;
  Type type_in;  // fp32, bf16 or fp16
  Type type;     // of out: the same, or e4m3
};

Status swiglu(const SwigluArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
