#include "runtime/arena.hpp"

#include <algorithm>
#include <new>

namespace reranker::runtime {

std::size_t Arena::rounded(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
}

Arena::Arena(Region region, std::size_t capacity)
    : region_(region.data), capacity_(rounded(capacity)) {
  if (region.size < capacity_) throw Exhausted{capacity_, region.size};
}

// First fit: a handful of blocks are out at any time. The interpreter would make of a bad_alloc an
// error that nobody knows.
void* Arena::take(std::size_t bytes) {
  const std::size_t size = rounded(bytes);
  std::size_t offset = 0;
  for (const auto& [begin, length] : taken_) {
    if (begin - offset >= size) break;
    offset = begin + length;
  }
  if (size > capacity() || offset > capacity() - size) throw Exhausted{offset + size, capacity()};
  try {
    taken_.emplace(offset, size);
  } catch (const std::bad_alloc&) {
    throw Exhausted{size, 0};
  }
  peak_ = std::max(peak_, offset + size);
  return region_ + offset;
}

void Arena::give_back(void* block) noexcept {
  taken_.erase(static_cast<std::size_t>(static_cast<char*>(block) - region_));
}

}  // namespace reranker::runtime
