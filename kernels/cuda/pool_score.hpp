#pragma once

#include "kernels/cuda/types.hpp"

// pool_score: final norm, head and mean in one pass (kernels/pool_score.hpp): both are linear, so
//
//   token_scores[t] = sum_d x[t][d] * weight[d] * head[d] / sqrt(mean(x[t]^2) + eps)
//   logits[s]       = mean over the sequence's tokens of token_scores / temperature
//
// in fp32. The sums of a sequence follow one fixed tree of its own length: no atomics.

namespace reranker::kernels::cuda {

struct PoolScoreArgs {
  float* logits;                // (num_sequences)
  float* token_scores;          // (num_tokens), scratch
  const float* x;               // (num_tokens, dim), the last layer's output
  const float* weight;          // (dim), of the final norm
  const float* head;            // (dim)
  const std::int32_t* offsets;  // (num_sequences + 1), device memory
  std::int32_t num_tokens;
  std::int32_t num_sequences;
  std::int32_t dim;
  float eps;
  float temperature;
};

Status pool_score(const PoolScoreArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
