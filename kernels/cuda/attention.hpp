#pragma once

#include <vector>

#include "kernels/cuda/types.hpp"

// attention: softmax(q k^T / sqrt(D)) v within each sequence, every token seeing every other
// (kernels/attention.hpp). Query head h reads key and value head h / (H / KV).
//
// Inputs and outputs are bf16 or fp16; scores and sums are fp32. Where tensor cores multiply,
// probabilities are rounded to the inputs' type before they meet the values. A sequence's bits
// depend on nothing but itself.

namespace reranker::kernels::cuda {

/// The tokens that one block reads queries of: rows of M of a tile are (token, head of the group).
struct AttentionWork {
  std::int32_t first_query;  // row of qkv
  std::int32_t num_queries;  // tokens, at most AttentionKernel::query_tokens
  std::int32_t first_key;    // row of qkv: where the sequence begins
  std::int32_t num_keys;     // its length
};

struct AttentionArgs {
  void* out;                  // (num_tokens, H * D)
  const void* qkv;            // (num_tokens, (H + 2 KV) * D): queries, keys, values
  float* log_sum_exp;         // (num_tokens, H), natural logarithm, of the scaled scores; or null
  const AttentionWork* work;  // (num_work), device memory
  std::int32_t num_work;      // each is done for every KV head
  std::int32_t num_tokens;
  std::int32_t num_heads;     // H
  std::int32_t num_kv_heads;  // KV
  std::int32_t head_dim;      // D: 32, 64 or 128
  Type type;                  // bf16 or fp16; the generic kernel takes fp32 as well
};

/// One implementation. Free of state.
struct AttentionKernel {
  const char* name;  // "generic", "sm80", "sm90a"
  /// Whether it runs on a device of that capability (80, 86, 89, 90) with those types and shapes.
  bool (*supports)(const AttentionArgs& args, int capability);
  /// Most queries of a work item.
  std::int32_t (*query_tokens)(const AttentionArgs& args);
  Status (*run)(const AttentionArgs& args, Stream stream);
};

extern const AttentionKernel kAttentionGeneric;  // no shared memory: the oracle
extern const AttentionKernel kAttentionSm80;     // mma.sync
extern const AttentionKernel kAttentionSm90;     // wgmma

/// The fastest that supports them. `args` counts with its shape and type alone.
const AttentionKernel& find_attention_kernel(const AttentionArgs& args, int capability);

/// Cuts sequences (offsets: num_sequences + 1) into work, the longest sequences first: blocks start
/// in that order, so that none of the slow ones is left for the end.
std::vector<AttentionWork> make_attention_work(const std::int32_t* offsets,
                                               std::int32_t num_sequences,
                                               std::int32_t query_tokens);

/// How many items that gives at most, whatever the lengths.
std::int64_t max_attention_work(std::int64_t num_tokens, std::int64_t num_sequences,
                                std::int32_t query_tokens);

}  // namespace reranker::kernels::cuda
