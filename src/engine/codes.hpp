#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/quantize.hpp"

namespace reranker::engine {

/// Rows of 8-bit codes in one block of memory: the codes of all rows, then a scale for each.
struct Codes {
  std::uint8_t* codes;
  float* scales;

  Codes(void* block, std::int64_t num_tokens, std::int64_t dim)
      : codes(static_cast<std::uint8_t*>(block)),
        scales(reinterpret_cast<float*>(codes + num_tokens * kernels::int8_stride(dim))) {}

  static std::int64_t bytes_per_token(std::int64_t dim) {
    return kernels::int8_stride(dim) + static_cast<std::int64_t>(sizeof(float));
  }
};

}  // namespace reranker::engine
