#pragma once

#include "kernels/types.hpp"

// classify: BERT's pooler and its head of one label, on rows x that stand for sequences:
//
//   h[s][j]   = tanh(sum_i x[s][i] * weight[j][i] + bias[j])     tanh: gelu.hpp
//   logits[s] = sum_j h[s][j] * head[j] + head_bias
//
// Bits: both sums are dot products by the rule of sums.hpp; the biases are added to what comes out
// of its tree.

namespace reranker::kernels {

struct ClassifyArgs {
  float* logits;        // (num_sequences)
  const float* x;       // (num_sequences, dim), of their first tokens in BERT
  const float* weight;  // (dim, dim) row-major, of the pooler
  const float* bias;    // (dim), of the pooler
  const float* head;    // (dim), the single row of the head
  float head_bias;
  std::int64_t num_sequences;
  std::int64_t dim;
};

}  // namespace reranker::kernels
