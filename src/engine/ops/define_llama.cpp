#include "engine/ops/define.hpp"

namespace reranker::engine {

void define_llama(torch::Library& library) {
  define<&embed>(library, "embed(Tensor ids, Tensor table) -> Tensor", "embed");
  define<&rms_norm>(library, "rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", "rms_norm");
  define<&linear>(library, "linear(Tensor x, Tensor weight) -> Tensor", "linear");
  define<&linear_add>(library,
                      "linear_add(Tensor x, Tensor weight, Tensor(a!) residual) -> Tensor(a!)",
                      "linear_add");
  define<&linear_swiglu>(library, "linear_swiglu(Tensor x, Tensor weight) -> Tensor",
                         "linear_swiglu");
  define<&rope>(
      library,
      "rope(Tensor(a!) qkv, Tensor offsets, Tensor table, int num_heads, int num_kv_heads)"
      " -> Tensor(a!)",
      "rope");
  define<&attention>(
      library, "attention(Tensor qkv, Tensor offsets, int num_heads, int num_kv_heads) -> Tensor",
      "attention");
  define<&pool_score>(library,
                      "pool_score(Tensor x, Tensor offsets, Tensor norm, Tensor head, float eps,"
                      " float temperature) -> Tensor",
                      "pool_score");
}

}  // namespace reranker::engine
