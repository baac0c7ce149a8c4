#pragma once

#include <memory>

#include <ATen/ops/from_blob.h>

namespace reranker::engine {

/// A tensor over `data`, which lives as long as `holder`, and `holder` as long as the tensor.
///
/// It is held by a pointer, not by a function: where the heap has no room for a function, LibTorch
/// ends the process. With the device given it asks no CUDA library whose memory it is.
template <typename Holder>
at::Tensor held_tensor(std::unique_ptr<Holder> holder, void* data, at::IntArrayRef shape,
                       const at::TensorOptions& options) {
  return at::for_blob(data, shape)
      .context(holder.release(), [](void* held) { delete static_cast<Holder*>(held); })
      .options(options)
      .target_device(options.device())
      .make_tensor();
}

}  // namespace reranker::engine
