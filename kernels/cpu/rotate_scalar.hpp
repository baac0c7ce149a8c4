#pragma once

#include "kernels/rotate.hpp"

// The arithmetic of rotate.hpp. For <op>_<isa>.cpp only: everything is local to the file that
// includes it.

namespace reranker::kernels {
namespace {

/// 1 / sqrt(block): a power of 2.
inline float rotation_scale(std::int64_t block) {
  float scale = 1.0f;
  for (std::int64_t b = 1; b < block; b *= 4) scale *= 0.5f;
  return scale;
}

/// Turns a block in place; its values have the scale already.
inline void turn_block(float* y, std::int64_t block) {
  for (std::int64_t h = 1; h < block; h *= 2)
    for (std::int64_t i = 0; i < block; ++i)
      if ((i & h) == 0) {
        const float u = y[i];
        const float v = y[i + h];
        y[i] = u + v;
        y[i + h] = u - v;
      }
}

}  // namespace
}  // namespace reranker::kernels
