#pragma once

#include "kernels/cuda/types.hpp"

// pair_cosine: a linear head on the mean token, and how alike the two texts' mean tokens are. With
// a, b and m the means of a sequence's rows of type 0, of type 1 and of both:
//
//   cos       = a.b / (max(|a|, 1e-8) * max(|b|, 1e-8))
//   logits[s] = m.head + head_bias + cosine_scale * cos
//
// in fp32. The mean of no rows is zero. The sums of a sequence follow one fixed tree of its own
// length, of where its type 1 begins, and of the width: no atomics. A sequence without tokens gives
// 0.
//
// These kernels have run on the host emulator only (tests/cuda_on_host).

namespace reranker::kernels::cuda {

struct PairCosineArgs {
  float* logits;                      // (num_sequences)
  float* partial_sums;                // (num_sequences, pair_cosine_parts(dim), 4), scratch
  const float* x;                     // (num_tokens, dim), the last layer's output
  const float* head;                  // (dim)
  const float* head_bias;             // (1)
  const float* cosine_scale;          // (1)
  const std::int32_t* offsets;        // (num_sequences + 1), device memory
  const std::int32_t* type_1_begins;  // (num_sequences), counted from a sequence's first token; its
                                      // length or more where no token is of type 1
  std::int32_t num_sequences;
  std::int32_t dim;
};

/// Parts that a row is cut into, each summed up by itself.
constexpr std::int32_t kPairCosineColumns = 128;  // of a part
constexpr std::int32_t pair_cosine_parts(std::int32_t dim) {
  return (dim + kPairCosineColumns - 1) / kPairCosineColumns;
}

Status pair_cosine(const PairCosineArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
