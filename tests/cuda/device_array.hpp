#pragma once

#include <vector>

#include "kernels/cuda/device.hpp"
#include "tests/support/catch.hpp"

namespace reranker::kernels::cuda::test {

/// Device memory, on a device or on the host that takes its place. What nobody wrote is NaN in
/// every type.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size) : DeviceArray(poison(size)) {}
  explicit DeviceArray(const std::vector<T>& values) : size_(values.size()) {
    void* memory = nullptr;
    REQUIRE(allocate(&memory, size_ * sizeof(T) + 1) == kSuccess);
    data_ = static_cast<T*>(memory);
    REQUIRE(copy_to_device(data_, values.data(), size_ * sizeof(T), nullptr) == kSuccess);
    REQUIRE(synchronize(nullptr) == kSuccess);
  }
  ~DeviceArray() { release(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return data_; }

  /// Waits for what was queued.
  std::vector<T> read() const {
    std::vector<T> values(size_);
    REQUIRE(copy_to_host(values.data(), data_, size_ * sizeof(T), nullptr) == kSuccess);
    REQUIRE(synchronize(nullptr) == kSuccess);
    return values;
  }

 private:
  static std::vector<T> poison(std::size_t size) {
    std::vector<T> values(size);
    auto* bytes = reinterpret_cast<unsigned char*>(values.data());
    for (std::size_t i = 0; i < size * sizeof(T); ++i) bytes[i] = 0xff;
    return values;
  }

  std::size_t size_;
  T* data_ = nullptr;
};

}  // namespace reranker::kernels::cuda::test
