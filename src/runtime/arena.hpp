#pragma once

#include <cstddef>
#include <map>

namespace reranker::runtime {

/// Memory that someone else holds: the host's or a device's.
struct Region {
  char* data = nullptr;
  std::size_t size = 0;
};

/// The working memory of one call: a fixed region from which blocks are taken and given back, so
/// that a call never holds more than was planned for it. What a block holds at first is undefined.
/// Hands out addresses and touches none, so that the region may be a device's.
/// One thread at a time.
class Arena {
 public:
  /// Alignment in bytes of every block; sizes are rounded up to it.
  static constexpr std::size_t kAlignment = 64;

  /// What a block of `bytes` takes of the region.
  static std::size_t rounded(std::size_t bytes);

  /// Thrown where the region cannot be had, a block passes what is left of it, or the heap has
  /// nothing left for a note of it (capacity 0). Not an Error,
  /// and not a std::exception, so that it passes through the graph's interpreter unchanged.
  struct Exhausted {
    std::size_t wanted;
    std::size_t capacity;
  };

  /// The first rounded(capacity) bytes of `region`, which outlives the arena.
  Arena(Region region, std::size_t capacity);

  void* take(std::size_t bytes);
  void give_back(void* block) noexcept;

  std::size_t capacity() const { return capacity_; }
  /// Most bytes ever out at one time, counted to the end of the highest block.
  std::size_t peak() const { return peak_; }

 private:
  char* const region_;
  const std::size_t capacity_;
  std::size_t peak_ = 0;
  std::map<std::size_t, std::size_t> taken_;  // offset -> size, both multiples of kAlignment
};

}  // namespace reranker::runtime
