#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "kernels/cuda/types.hpp"

// What the engine asks of the CUDA runtime, in few functions, so that tests can put the host in
// its place. Functions give a Status; `describe` says it in words. Memory, streams and graphs
// belong to the device that was current when they were made.

namespace reranker::kernels::cuda {

struct DeviceInfo {
  std::string name;
  int capability = 0;  // 80, 86, 89, 90, ...
  std::string driver;  // "13.0"
  int multiprocessors = 0;
};

constexpr Status kSuccess = 0;
constexpr Status kFirstLinearStatus = 100000;  // cuBLASLt's status s is kFirstLinearStatus + s
std::string describe(Status status);

/// A machine without a driver or a device gives a status, or 0 devices.
Status count_devices(int* count);
Status read_device_info(int device, DeviceInfo* info);

/// Makes a device the thread's current one. For threads of our own, which do not put back the one
/// before: the runtime takes memory of every device that becomes current. What the host records on
/// threads of its own then neither forbids this one anything nor is broken by it.
Status use_device(int device);

// Device memory is aligned to 256 bytes. Releasing null is no error.
Status free_memory(std::size_t* bytes);
Status allocate(void** memory, std::size_t bytes);
void release(void* memory);

/// Host memory that copies run from beside the host.
Status allocate_pinned(void** memory, std::size_t bytes);
void release_pinned(void* memory);

Status make_stream(Stream* stream);
void destroy(Stream stream);
Status synchronize(Stream stream);

Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream);
Status copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream);

/// What was queued on a stream between begin and end, to be queued again at once.
class Graph {
 public:
  Graph() = default;
  ~Graph();
  Graph(Graph&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  Graph& operator=(Graph&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  static Status begin(Stream stream);
  /// Ends the recording in any case.
  Status end(Stream stream);
  Status launch(Stream stream) const;

 private:
  void* handle_ = nullptr;
};

}  // namespace reranker::kernels::cuda
