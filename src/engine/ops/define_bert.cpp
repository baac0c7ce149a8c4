#include "engine/ops/define.hpp"

namespace reranker::engine {

void define_bert(torch::Library& library) {
  define(library,
         "bert_embedding(Tensor ids, Tensor offsets, Tensor words, Tensor positions, Tensor types)"
         " -> Tensor",
         "bert_embedding", &bert_embedding);
  define(library, "layer_norm(Tensor(a!) x, Tensor weight, Tensor bias, float eps) -> Tensor(a!)",
         "layer_norm", &layer_norm);
  define(library, "linear_bias(Tensor x, Tensor weight, Tensor bias) -> Tensor", "linear_bias",
         &linear_bias);
  define(library,
         "linear_bias_add_norm(Tensor x, Tensor weight, Tensor bias, Tensor(a!) residual,"
         " Tensor norm_weight, Tensor norm_bias, float eps) -> Tensor(a!)",
         "linear_bias_add_norm", &linear_bias_add_norm);
  define(library, "linear_bias_gelu(Tensor x, Tensor weight, Tensor bias) -> Tensor",
         "linear_bias_gelu", &linear_bias_gelu);
  define(library,
         "attention_first(Tensor qkv, Tensor offsets, int num_heads, int num_kv_heads) -> Tensor",
         "attention_first", &attention_first);
  define(library, "first_rows(Tensor x, Tensor offsets) -> Tensor", "first_rows", &first_rows);
  define(library,
         "classify(Tensor x, Tensor pooler, Tensor pooler_bias, Tensor head, Tensor head_bias)"
         " -> Tensor",
         "classify", &classify);
  define(library,
         "pair_cosine(Tensor x, Tensor offsets, Tensor head, Tensor head_bias, Tensor cosine_scale)"
         " -> Tensor",
         "pair_cosine", &pair_cosine);
}

}  // namespace reranker::engine
