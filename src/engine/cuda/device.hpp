#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <reranker/error.hpp>

#include "kernels/cuda/device.hpp"

// The device and what is held on it. Everything here wants the device to be the thread's current
// one (kernels::cuda::use_device).

namespace reranker::engine::cuda {

/// Thrown where the device gives a status. Not a std::exception, so that it passes through the
/// graph's interpreter unchanged; the encoder makes an Error of it, which names the device.
struct Failure {
  kernels::cuda::Status status;
  std::string doing;

  bool wants_memory() const;
};

inline void check(kernels::cuda::Status status, const char* doing) {
  if (status != kernels::cuda::kSuccess) throw Failure{status, doing};
}

/// A device that the engine runs on.
struct Device {
  int index = 0;
  kernels::cuda::DeviceInfo info;

  /// Throws Error: device_unavailable, where there is no driver, no such device, or an older one.
  static Device open(int index);

  std::string name() const;  // "cuda:0 NVIDIA H100 80GB HBM3"
  std::string isa() const;   // "sm_90"
  Error error(const Failure& failure) const;
};

/// Memory of the device, aligned to 256 bytes.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::size_t bytes) : size_(bytes) {
    const auto status = kernels::cuda::allocate(&data_, bytes);
    if (status != kernels::cuda::kSuccess)
      throw Failure{status, "taking " + std::to_string(bytes) + " bytes of its memory"};
  }
  DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~DeviceMemory() { kernels::cuda::release(data_); }

  char* data() const { return static_cast<char*>(data_); }
  std::size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Memory of the host that the device copies from and to on its own.
class PinnedMemory {
 public:
  explicit PinnedMemory(std::size_t bytes) {
    const auto status = kernels::cuda::allocate_pinned(&data_, bytes);
    if (status != kernels::cuda::kSuccess)
      throw Failure{status, "taking " + std::to_string(bytes) + " bytes of pinned memory"};
  }
  ~PinnedMemory() { kernels::cuda::release_pinned(data_); }
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;

  char* data() const { return static_cast<char*>(data_); }

 private:
  void* data_ = nullptr;
};

class OwnStream {
 public:
  OwnStream() { check(kernels::cuda::make_stream(&stream_), "making a stream"); }
  /// Waits for what is queued: memory that it uses may go next.
  ~OwnStream() {
    (void)kernels::cuda::synchronize(stream_);
    kernels::cuda::destroy(stream_);
  }
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

  kernels::cuda::Stream get() const { return stream_; }

 private:
  kernels::cuda::Stream stream_ = nullptr;
};

/// Where blocks begin: what the fastest copies and products want.
constexpr std::size_t kAlignment = 256;

constexpr std::size_t rounded(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace reranker::engine::cuda
