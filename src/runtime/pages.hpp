#pragma once

#include <cstddef>

namespace reranker::runtime {

/// Memory straight from the system, zeroed, page by page as it is touched, and back to it at the
/// end: past malloc, which would keep it. In huge pages where the system has them to give.
class Pages {
 public:
  Pages() = default;
  explicit Pages(std::size_t bytes);
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  ~Pages();

  /// Null where the system had no more, or no bytes were asked for.
  char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace reranker::runtime
