#include "engine/call.hpp"

#include <ATen/ops/from_blob.h>

namespace reranker::engine {
namespace {

thread_local Call* current = nullptr;

}  // namespace

Call& current_call() {
  return *current;
}

CallScope::CallScope(Call& call) : before_(current) {
  current = &call;
}
CallScope::~CallScope() {
  current = before_;
}

at::Tensor new_floats(Call& call, at::IntArrayRef shape) {
  std::size_t bytes = sizeof(float);
  for (const auto extent : shape) bytes *= static_cast<std::size_t>(extent);
  runtime::Arena& arena = call.arena;
  return at::from_blob(
      arena.take(bytes), shape, [&arena](void* block) { arena.give_back(block); }, at::kFloat);
}

}  // namespace reranker::engine
