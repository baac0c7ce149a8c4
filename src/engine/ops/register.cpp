#include <torch/library.h>

#include <fmt/format.h>

#include "engine/ops/ops.hpp"

namespace reranker::engine {
namespace {

template <typename Function>
void define(torch::Library& library, const char* schema, const char* name, Function* function) {
  library.def(schema);
  library.impl(name, torch::dispatch(kDispatchKey, function));
}

void define_all(torch::Library& library) {
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

// Unique to this copy of the module: no other object has this address while it is loaded, and it
// is never unloaded.
std::string make_namespace() {
  static const char here = 0;
  return fmt::format("reranker_{:x}", reinterpret_cast<std::uintptr_t>(&here));
}

struct Operators {
  std::string name = make_namespace();
  torch::Library library{torch::Library::DEF, name, std::nullopt, __FILE__, __LINE__};

  Operators() { define_all(library); }
};

}  // namespace

const std::string& operator_namespace() {
  // Kept for good: taking operators back while the process ends races with LibTorch's own end.
  static const Operators& operators = *new Operators;
  return operators.name;
}

}  // namespace reranker::engine
