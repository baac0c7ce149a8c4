#include "engine/call.hpp"

#include <ATen/ops/from_blob.h>

namespace reranker::engine {
namespace {

at::Tensor new_tensor(Call& call, at::IntArrayRef shape, at::ScalarType type) {
  std::size_t bytes = c10::elementSize(type);
  for (const auto extent : shape) bytes *= static_cast<std::size_t>(extent);
  runtime::Arena& arena = call.arena;
  return at::from_blob(
      arena.take(bytes), shape, [&arena](void* block) { arena.give_back(block); }, type);
}

}  // namespace

at::Tensor new_floats(Call& call, at::IntArrayRef shape) {
  return new_tensor(call, shape, at::kFloat);
}

at::Tensor new_bytes(Call& call, at::IntArrayRef shape) {
  return new_tensor(call, shape, at::kByte);
}

}  // namespace reranker::engine
