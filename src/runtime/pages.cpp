#include "runtime/pages.hpp"

#include <sys/mman.h>

#include <utility>

namespace reranker::runtime {

Pages::Pages(std::size_t bytes) {
  if (bytes == 0) return;
  void* region = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) return;
  ::madvise(region, bytes, MADV_HUGEPAGE);
  data_ = static_cast<char*>(region);
  size_ = bytes;
}

Pages::Pages(Pages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Pages::~Pages() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace reranker::runtime
