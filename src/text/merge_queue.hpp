#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace reranker::text {

/// Numbers, the least first. Most are known before the first is taken: those are sorted, which
/// goes easier on the processor's cache than a heap of them all; a heap holds what comes later.
class MergeQueue {
 public:
  void clear() {
    known_.clear();
    later_.clear();
    taken_ = 0;
  }

  /// Gives the memory back.
  void release() {
    clear();
    known_.shrink_to_fit();
    later_.shrink_to_fit();
  }

  /// For what is known at first; sort() behind the last of them.
  void add(std::uint64_t value) { known_.push_back(value); }
  void sort() { std::sort(known_.begin(), known_.end()); }

  void push(std::uint64_t value) {
    ++steps_;
    later_.push_back(value);
    std::push_heap(later_.begin(), later_.end(), std::greater<>());
  }

  bool empty() const { return taken_ == known_.size() && later_.empty(); }

  std::uint64_t pop() {
    ++steps_;
    if (later_.empty() || (taken_ < known_.size() && known_[taken_] < later_.front()))
      return known_[taken_++];
    std::pop_heap(later_.begin(), later_.end(), std::greater<>());
    const std::uint64_t least = later_.back();
    later_.pop_back();
    return least;
  }

  /// Calls of push and pop so far.
  std::uint64_t steps() const { return steps_; }

 private:
  std::vector<std::uint64_t> known_;
  std::size_t taken_ = 0;  // of known_
  std::vector<std::uint64_t> later_;
  std::uint64_t steps_ = 0;
};

}  // namespace reranker::text
