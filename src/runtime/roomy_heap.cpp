#include "runtime/roomy_heap.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <thread>

namespace reranker::runtime {
namespace {

constexpr std::size_t kBlockBytes = 120 << 10;  // below M_MMAP_THRESHOLD: larger ones are no heap's
constexpr int kPopulateWrite = 23;              // Linux's MADV_POPULATE_WRITE, newer than our libc

}  // namespace

void RoomyHeap::Free::operator()(void* block) const {
  std::free(block);
}

RoomyHeap::RoomyHeap(std::size_t bytes) {
  std::vector<Block> blocks(bytes / kBlockBytes);
  begins_.reserve(blocks.size());
  for (Block& block : blocks) block.reset(std::malloc(kBlockBytes));
  guard_.reset(std::malloc(kBlockBytes));  // no smaller one, which might lie anywhere
  for (const Block& block : blocks) begins_.push_back(static_cast<char*>(block.get()));
}

// Whoever's the block is by now, what it holds stays. Before Linux 5.14 it is refused, and a page
// is put where it is first written.
void RoomyHeap::populate(std::size_t block) const {
  static const auto page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  char* const begin = begins_[block];
  const std::uintptr_t into_page = reinterpret_cast<std::uintptr_t>(begin) % page_bytes;
  ::madvise(begin - into_page, kBlockBytes, kPopulateWrite);
}

void RoomyHeap::run(Crew& crew, const std::function<void()>& work) const {
  const std::thread::id here = std::this_thread::get_id();
  const bool alone = crew.size() == 1;
  std::atomic<std::size_t> next{0};
  bool begun = false;  // this thread's
  crew.parallel_for(begins_.size() + 1, [&](std::size_t, std::size_t) {
    if (!alone && std::this_thread::get_id() == here && !begun) {
      begun = true;
      work();
    } else if (const std::size_t block = next++; block < begins_.size()) {
      populate(block);
    }
  });
  if (!begun) work();
}

}  // namespace reranker::runtime
