#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/cuda/inputs.hpp"
#include "kernels/cuda/device.hpp"
#include "runtime/arena.hpp"

namespace reranker::engine::cuda {

/// CUDA graphs of passes of few tokens, whose launches one by one take the host longer than the
/// device. What is recorded is what would be queued, so the bits are the same.
///
/// A pass's arguments are its extents and addresses, so its arena must lie where it lay before.
class Recordings {
 public:
  /// Queues a pass on the stream: runs `queue`, which takes from the arena, or what it queued when
  /// a pass of these extents was recorded, which is the second time that they come.
  void run(const Extents& extents, kernels::cuda::Stream stream, runtime::Arena& arena,
           const std::function<void()>& queue);

 private:
  struct Entry {
    Extents extents;
    std::uint64_t last_use = 0;
    bool recorded = false;
    std::size_t bytes = 0;  // taken from the arena
    kernels::cuda::Graph graph;
  };

  Entry* find(const Extents& extents);
  void launch(Entry& entry, kernels::cuda::Stream stream, runtime::Arena& arena,
              const std::function<void()>& queue);
  void remember(const Extents& extents);

  std::vector<Entry> entries_;
  std::uint64_t uses_ = 0;
};

}  // namespace reranker::engine::cuda
