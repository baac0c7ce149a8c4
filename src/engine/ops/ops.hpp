#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/DispatchKey.h>

namespace torch {
class Library;
}

// The operators that graphs are made of. A row of tokens is a row of a float tensor (num_tokens,
// width); offsets (num_sequences + 1) int32 mark the sequences. Formulas: kernels/<op>.hpp.
//
// Projections take rows of floats, or what rms_norm gives: where the arithmetic makes something
// smaller of a row, a byte tensor (num_tokens, Arithmetic::row_bytes(width)), to be passed on whole
// (made_rows.hpp). On CUDA rows are of the types that engine/cuda/types.hpp names, but for the
// residual, which is floats there too.

namespace reranker::engine {

/// ids (num_tokens) int32, table (vocab, hidden) of any stored type -> (num_tokens, hidden)
at::Tensor embed(const at::Tensor& ids, const at::Tensor& table);

/// x (num_tokens, dim), weight (dim) -> (num_tokens, dim) for a projection
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// x (num_tokens, k), packed weight of (n, k) -> (num_tokens, n)
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight);

/// The same, added to residual (num_tokens, n) in place, which is returned.
at::Tensor linear_add(const at::Tensor& x, const at::Tensor& weight, at::Tensor residual);

/// x (num_tokens, k), packed weight of gate and up rows (n, k) -> (num_tokens, n / 2)
at::Tensor linear_swiglu(const at::Tensor& x, const at::Tensor& weight);

/// Turns the queries and keys of qkv (num_tokens, (H + 2 KV) D) in place and returns it.
at::Tensor rope(at::Tensor qkv, const at::Tensor& offsets, const at::Tensor& table,
                std::int64_t num_heads, std::int64_t num_kv_heads);

/// qkv (num_tokens, (H + 2 KV) D) -> (num_tokens, H D)
at::Tensor attention(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t num_heads,
                     std::int64_t num_kv_heads);

/// The same of each sequence's first token alone: (num_sequences, H D)
at::Tensor attention_first(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t num_heads,
                           std::int64_t num_kv_heads);

/// x (num_tokens, dim), norm (dim), head (dim) -> logits (num_sequences)
at::Tensor pool_score(const at::Tensor& x, const at::Tensor& offsets, const at::Tensor& norm,
                      const at::Tensor& head, double eps, double temperature);

/// ids (num_tokens) int32, tables (rows, dim) of any stored type -> (num_tokens, dim)
at::Tensor bert_embedding(const at::Tensor& ids, const at::Tensor& offsets, const at::Tensor& words,
                          const at::Tensor& positions, const at::Tensor& types);

/// Norms x (num_tokens, dim) in place, with weight and bias (dim), and returns it.
at::Tensor layer_norm(at::Tensor x, const at::Tensor& weight, const at::Tensor& bias, double eps);

/// linear with a bias (n).
at::Tensor linear_bias(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// The same, added to residual (num_tokens, n) in place, which layer_norm then norms and gives.
at::Tensor linear_bias_add_norm(const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& bias, const at::Tensor& residual,
                                const at::Tensor& norm_weight, const at::Tensor& norm_bias,
                                double eps);

/// x (num_tokens, k), packed weight of (n, k), bias (n) -> gelu of linear_bias (num_tokens, n)
at::Tensor linear_bias_gelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// The rows of the sequences' first tokens, of a residual x (num_tokens, dim): a new residual
/// (num_sequences, dim). No sequence is empty.
at::Tensor first_rows(const at::Tensor& x, const at::Tensor& offsets);

/// x (num_sequences, dim), pooler (dim, dim), its bias and head (dim), head_bias (1)
/// -> logits (num_sequences)
at::Tensor classify(const at::Tensor& x, const at::Tensor& pooler, const at::Tensor& pooler_bias,
                    const at::Tensor& head, const at::Tensor& head_bias);

/// x (num_tokens, dim), head (dim), head_bias and cosine_scale (1) -> logits (num_sequences)
at::Tensor pair_cosine(const at::Tensor& x, const at::Tensor& offsets, const at::Tensor& head,
                       const at::Tensor& head_bias, const at::Tensor& cosine_scale);

/// What the engine's tensors dispatch to: each engine defines it, and the operators, for its
/// device.
extern const c10::DispatchKey kDispatchKey;

/// Registers the operators that the engine has, by define.hpp.
void define_operators(torch::Library& library);

/// The namespace in which this copy of the library has registered its operators. Registers them
/// on the first call: a static registration would end the host where two copies meet.
const std::string& operator_namespace();

}  // namespace reranker::engine
