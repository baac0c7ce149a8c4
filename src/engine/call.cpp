#include "engine/call.hpp"

#include <new>

#include <ATen/ops/from_blob.h>

namespace reranker::engine {
namespace {

at::Tensor new_tensor(Call& call, at::IntArrayRef shape, at::ScalarType type) {
  std::size_t bytes = c10::elementSize(type);
  for (const auto extent : shape) bytes *= static_cast<std::size_t>(extent);
  runtime::Arena& arena = call.arena;
  void* const block = arena.take(bytes);
  try {
    return at::from_blob(
        block, shape, [&arena](void* taken) { arena.give_back(taken); }, type);
  } catch (const std::bad_alloc&) {
    throw runtime::Arena::Exhausted{bytes, 0};
  }
}

}  // namespace

at::Tensor new_floats(Call& call, at::IntArrayRef shape) {
  return new_tensor(call, shape, at::kFloat);
}

at::Tensor new_bytes(Call& call, at::IntArrayRef shape) {
  return new_tensor(call, shape, at::kByte);
}

}  // namespace reranker::engine
