#include "engine/block.hpp"

#include <memory>
#include <utility>

#include "engine/held_tensor.hpp"

namespace reranker::engine {

at::Tensor new_tensor(runtime::Arena& arena, std::size_t bytes, at::IntArrayRef shape,
                      const at::TensorOptions& options) {
  auto block = std::make_unique<Block>(arena, bytes);
  void* const data = block->data();
  return held_tensor(std::move(block), data, shape, options);
}

}  // namespace reranker::engine
