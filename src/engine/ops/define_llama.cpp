#include "engine/ops/define.hpp"

namespace reranker::engine {

void define_llama(torch::Library& library) {
  define(library, "embed(Tensor ids, Tensor table) -> Tensor", "embed", &embed);
  define(library, "rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", "rms_norm", &rms_norm);
  define(library, "linear(Tensor x, Tensor weight) -> Tensor", "linear", &linear);
  define(library, "linear_add(Tensor x, Tensor weight, Tensor(a!) residual) -> Tensor(a!)",
         "linear_add", &linear_add);
  define(library, "linear_swiglu(Tensor x, Tensor weight) -> Tensor", "linear_swiglu",
         &linear_swiglu);
  define(library,
         "rope(Tensor(a!) qkv, Tensor offsets, Tensor table, int num_heads, int num_kv_heads)"
         " -> Tensor(a!)",
         "rope", &rope);
  define(library,
         "attention(Tensor qkv, Tensor offsets, int num_heads, int num_kv_heads) -> Tensor",
         "attention", &attention);
  define(library,
         "pool_score(Tensor x, Tensor offsets, Tensor norm, Tensor head, float eps,"
         " float temperature) -> Tensor",
         "pool_score", &pool_score);
}

}  // namespace reranker::engine
