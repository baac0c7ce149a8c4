#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#include "kernels/types.hpp"

// What kernels are given to work on where only their speed counts.

/// 64-byte aligned memory, touched.
class Memory {
 public:
  explicit Memory(std::size_t bytes)
      : data_(::operator new (std::max<std::size_t>(bytes, 1),
                              std::align_val_t{reranker::kernels::kAlignment})) {
    std::memset(data_, 0, bytes);
  }
  ~Memory() { ::operator delete (data_, std::align_val_t{reranker::kernels::kAlignment}); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
};

/// Small numbers around zero; what they are does not matter, that they are not denormal does.
inline std::vector<float> numbers(std::int64_t count) {
  std::vector<float> x(static_cast<std::size_t>(count));
  std::uint32_t state = 1;
  for (float& v : x) {
    state = state * 1664525u + 1013904223u;
    v = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
  }
  return x;
}
