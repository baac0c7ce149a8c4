#include "engine/block.hpp"

#include <memory>

#include <ATen/ops/from_blob.h>

namespace reranker::engine {

// The block is held by a pointer, not by a function: where the heap has no room for a function,
// LibTorch ends the process. With the device given it asks no CUDA library whose memory it is.
at::Tensor new_tensor(runtime::Arena& arena, std::size_t bytes, at::IntArrayRef shape,
                      const at::TensorOptions& options) {
  auto block = std::make_unique<Block>(arena, bytes);
  void* const data = block->data();
  return at::for_blob(data, shape)
      .context(block.release(), [](void* held) { delete static_cast<Block*>(held); })
      .options(options)
      .target_device(options.device())
      .make_tensor();
}

}  // namespace reranker::engine
