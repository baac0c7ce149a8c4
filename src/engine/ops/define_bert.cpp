#include "engine/ops/define.hpp"

namespace reranker::engine {

void define_bert(torch::Library& library) {
  define<&bert_embedding>(
      library,
      "bert_embedding(Tensor ids, Tensor offsets, Tensor words, Tensor positions, Tensor types)"
      " -> Tensor",
      "bert_embedding");
  define<&layer_norm>(
      library, "layer_norm(Tensor(a!) x, Tensor weight, Tensor bias, float eps) -> Tensor(a!)",
      "layer_norm");
  define<&linear_bias>(library, "linear_bias(Tensor x, Tensor weight, Tensor bias) -> Tensor",
                       "linear_bias");
  define<&linear_bias_add_norm>(
      library,
      "linear_bias_add_norm(Tensor x, Tensor weight, Tensor bias, Tensor(a!) residual,"
      " Tensor norm_weight, Tensor norm_bias, float eps) -> Tensor(a!)",
      "linear_bias_add_norm");
  define<&linear_bias_gelu>(library,
                            "linear_bias_gelu(Tensor x, Tensor weight, Tensor bias) -> Tensor",
                            "linear_bias_gelu");
  define<&attention_first>(
      library,
      "attention_first(Tensor qkv, Tensor offsets, int num_heads, int num_kv_heads) -> Tensor",
      "attention_first");
  define<&first_rows>(library, "first_rows(Tensor x, Tensor offsets) -> Tensor", "first_rows");
  define<&classify>(
      library,
      "classify(Tensor x, Tensor pooler, Tensor pooler_bias, Tensor head, Tensor head_bias)"
      " -> Tensor",
      "classify");
  define<&pair_cosine>(
      library,
      "pair_cosine(Tensor x, Tensor offsets, Tensor head, Tensor head_bias, Tensor cosine_scale)"
      " -> Tensor",
      "pair_cosine");
}

}  // namespace reranker::engine
