#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/crew.hpp"

namespace reranker::runtime {

/// Makes room on the calling thread's heap for what is about to be allocated there in small pieces
/// and kept.
///
/// Left alone, glibc grows the heap of every thread but the process's first by a page and a system
/// call at a time (sysmalloc in malloc.c; M_TOP_PAD is for the first thread's), and each page is
/// put there by a fault. Where less is allocated than was made room for, the rest goes back when
/// this is destroyed. With another allocator it does nothing of use and no harm.
class RoomyHeap {
 public:
  explicit RoomyHeap(std::size_t bytes);

  /// Calls `work` on this thread while the crew's others have the system put pages under the room;
  /// where there are no others, that is done first. What `work` throws is rethrown.
  void run(Crew& crew, const std::function<void()>& work) const;

 private:
  struct Free {
    void operator()(void* block) const;
  };
  using Block = std::unique_ptr<void, Free>;

  void populate(std::size_t block) const;

  std::vector<char*> begins_;  // of blocks that were taken and given back
  Block guard_;                // above them: keeps the heap as large as it has grown
};

}  // namespace reranker::runtime
