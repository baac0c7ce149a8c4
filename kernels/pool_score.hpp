#pragma once

#include "kernels/types.hpp"

// pool_score: final norm, mean over a sequence's tokens, head and temperature, in one pass over x.
// Mean and head are linear, so the head may come before the mean:
//
//   token_scores[t] = sum_i ((x[t][i] * r[t]) * weight[i]) * head[i]       r: rms_norm.hpp
//   logits[s]       = mean over the tokens of s of token_scores / temperature
//
// Two steps: token_scores over tokens (pool_tokens), then logits over sequences (pool_sequences).
// Bits: token_scores by the rule of sums.hpp, the normed value rounded as rms_norm rounds it. The
// mean is summed in double in the order of tokens, divided by their number and then by the
// temperature in double, and rounded once. A sequence without tokens gives 0.

namespace reranker::kernels {

struct PoolScoreArgs {
  float* logits;                // (num_sequences)
  float* token_scores;          // (num_tokens), written by pool_tokens, read by pool_sequences
  const float* x;               // (num_tokens, dim), the last layer's output before the final norm
  const float* weight;          // (dim), of the final norm
  const float* head;            // (dim), the single row of the head, fp32
  const std::int32_t* offsets;  // (num_sequences + 1)
  std::int64_t num_tokens;
  std::int64_t num_sequences;
  std::int64_t dim;
  float eps;
  float temperature;
};

}  // namespace reranker::kernels
