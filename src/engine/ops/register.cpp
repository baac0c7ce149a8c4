#include <torch/library.h>

#include <fmt/format.h>

#include "engine/ops/ops.hpp"

namespace reranker::engine {
namespace {

// Unique to this copy of the module: no other object has this address while it is loaded, and it
// is never unloaded.
std::string make_namespace() {
  static const char here = 0;
  return fmt::format("reranker_{:x}", reinterpret_cast<std::uintptr_t>(&here));
}

struct Operators {
  std::string name = make_namespace();
  torch::Library library{torch::Library::DEF, name, std::nullopt, __FILE__, __LINE__};

  Operators() { define_operators(library); }
};

}  // namespace

const std::string& operator_namespace() {
  // Kept for good: taking operators back while the process ends races with LibTorch's own end.
  static const Operators& operators = *new Operators;
  return operators.name;
}

}  // namespace reranker::engine
