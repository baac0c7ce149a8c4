#include "engine/call.hpp"

namespace reranker::engine {
namespace {

at::Tensor new_rows(Call& call, at::IntArrayRef shape, at::ScalarType type) {
  std::size_t bytes = c10::elementSize(type);
  for (const auto extent : shape) bytes *= static_cast<std::size_t>(extent);
  return new_tensor(call.arena, bytes, shape, type);
}

}  // namespace

at::Tensor new_floats(Call& call, at::IntArrayRef shape) {
  return new_rows(call, shape, at::kFloat);
}

at::Tensor new_bytes(Call& call, at::IntArrayRef shape) {
  return new_rows(call, shape, at::kByte);
}

}  // namespace reranker::engine
