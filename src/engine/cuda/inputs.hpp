#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "batch/sequence.hpp"
#include "kernels/cuda/attention.hpp"

// What the device is told of a batch: one block, made in pinned memory and sent by one copy.

namespace reranker::engine::cuda {

/// The extents of a pass. Passes of equal extents queue the same kernels with the same arguments.
struct Extents {
  std::int32_t num_tokens = 0;  // with the padding
  std::int32_t num_sequences = 0;
  std::int32_t num_work = 0;

  bool operator==(const Extents& other) const {
    return num_tokens == other.num_tokens && num_sequences == other.num_sequences &&
           num_work == other.num_work;
  }
};

/// Passes of few tokens are padded to one of a few sizes, so that they can be recorded and run
/// again. The padding is a sequence of its own, whose logit nobody reads: no other sees it.
constexpr std::size_t kMostPadded = 1024;
std::size_t padded(std::size_t num_tokens);

/// Where the parts of such a block lie.
struct Layout {
  // ids come first
  std::size_t positions, token_types, offsets, type_1_begins, work, bytes;

  explicit Layout(const Extents& extents);
};

/// A batch, padded, and cut into work for attention.
class Inputs {
 public:
  Inputs(const batch::Batch& batch, std::int32_t query_tokens);

  const Extents& extents() const { return extents_; }

  /// Writes Layout::bytes.
  void write(const Layout& layout, char* to) const;

 private:
  const batch::Batch& batch_;
  std::vector<std::int32_t> offsets_;
  std::vector<kernels::cuda::AttentionWork> work_;
  Extents extents_;
};

}  // namespace reranker::engine::cuda
