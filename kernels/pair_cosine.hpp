#pragma once

#include "kernels/types.hpp"

// pair_cosine: a linear head on the mean token, and how alike the two texts' mean tokens are. With
// first(s) the tokens of s of type 0 and second(s) those of type 1:
//
//   a[i] = mean of x[t][i] over first(s)    b[i] = over second(s)    m[i] = over both
//   cos  = sum_i a[i] * b[i] / (max(|a|, kCosineEps) * max(|b|, kCosineEps))
//   logits[s] = sum_i m[i] * head[i] + head_bias + cosine_scale * cos
//
// The mean of no tokens is zero, and so is the cosine with it.
//
// Bits: a column is summed in double in the order of tokens, first(s) and second(s) each on its
// own, m from the sum of both sums; a mean is its sum divided in double and rounded once. The dot
// products a·a, b·b, a·b and m·head go by the rule of sums.hpp. The rest is in double, as written
// from left to right, and rounded once. A sequence without tokens gives 0.

namespace reranker::kernels {

/// Below it a norm is not divided by: torch's cosine_similarity.
constexpr double kCosineEps = 1e-8;

struct PairCosineArgs {
  float* logits;                      // (num_sequences)
  const float* x;                     // (num_tokens, dim), the last layer's output
  const std::int32_t* offsets;        // (num_sequences + 1)
  const std::int32_t* type_1_begins;  // (num_sequences), as in bert_embedding.hpp
  const float* head;                  // (dim), the single row of the head
  float head_bias;
  float cosine_scale;
  std::int64_t num_sequences;
  std::int64_t dim;
};

}  // namespace reranker::kernels
