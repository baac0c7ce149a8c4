#pragma once

#include "kernels/cuda/types.hpp"

// quantize: rows of bf16 or fp16 as e4m3, each with a scale of its own as in rms_norm.hpp. For
// sm_89 and later; on an older device it gives the status of a kernel without an image.

namespace reranker::kernels::cuda {

struct QuantizeArgs {
  void* out;      // (num_tokens, dim) e4m3
  float* scales;  // (num_tokens)
  const void* x;  // (num_tokens, dim)
  std::int32_t num_tokens;
  std::int32_t dim;
  Type type_in;  // bf16 or fp16
};

Status quantize(const QuantizeArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
