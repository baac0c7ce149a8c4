#pragma once

#include "kernels/cuda/types.hpp"

// classify: BERT's pooler and its head of one label (kernels/classify.hpp), on rows x that stand
// for sequences:
//
//   h[s][j]   = tanh(sum_i x[s][i] * weight[j][i] + bias[j])
//   logits[s] = sum_j h[s][j] * head[j] + head_bias
//
// in fp32. The sums of a row follow one fixed tree of the width: no atomics.
//
// These kernels have run on the host emulator only (tests/cuda_on_host).

namespace reranker::kernels::cuda {

struct ClassifyArgs {
  float* logits;           // (num_sequences)
  float* partial_logits;   // (num_sequences, classify_parts(dim)), scratch
  const float* x;          // (num_sequences, dim)
  const float* weight;     // (dim, dim) row-major, of the pooler
  const float* bias;       // (dim), of the pooler
  const float* head;       // (dim)
  const float* head_bias;  // (1)
  std::int32_t num_sequences;
  std::int32_t dim;
};

/// Parts that the pooler's outputs are cut into, each summed up by itself.
constexpr std::int32_t kClassifyOutputs = 32;  // of a part
constexpr std::int32_t classify_parts(std::int32_t dim) {
  return (dim + kClassifyOutputs - 1) / kClassifyOutputs;
}

Status classify(const ClassifyArgs& args, Stream stream);

}  // namespace reranker::kernels::cuda
