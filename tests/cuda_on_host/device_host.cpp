#include "kernels/cuda/device.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>

#include "cuda_on_host/block.hpp"
#include "cuda_on_host/device_memory.hpp"
#include "cuda_on_host/streams_host.hpp"
#include "kernels/cuda/launch.hpp"

// Memory and copies of device.hpp on the host.

namespace reranker::kernels::cuda {

namespace host {

namespace {

using Lock = std::lock_guard<std::recursive_mutex>;

std::map<int, std::size_t>& used_bytes() {
  static std::map<int, std::size_t> all;
  return all;
}
std::map<void*, int>& device_of() {
  static std::map<void*, int> all;
  return all;
}
int most_shared_bytes() {
  switch (settings().capability) {
    case 80: return 163 * 1024;
    case 90: return 227 * 1024;
    default: return 99 * 1024;
  }
}

}  // namespace

Status check_launch(const Launch& launch) {
  static std::atomic<int> launches{0};
  if (++launches == settings().failing_launch) return kInvalidConfiguration;
  if (launch.shared_bytes > most_shared_bytes()) return kInvalidValue;
  const bool fits = launch.threads > 0 && launch.threads <= kMaxThreads && launch.blocks_x > 0 &&
                    launch.blocks_y > 0 && launch.blocks_y <= 65535;
  return fits ? kSuccess : kInvalidConfiguration;
}

std::size_t allocated_bytes() {
  const Lock lock(one_at_a_time());
  std::size_t sum = 0;
  for (const auto& [device, bytes] : used_bytes()) sum += bytes;
  return sum;
}

}  // namespace host

using namespace host;

std::string describe(Status status) {
  switch (status) {
    case kSuccess: return "no error";
    case kInvalidValue: return "invalid argument";
    case kOutOfMemory: return "out of memory";
    case kInvalidConfiguration: return "invalid configuration argument";
    case kNoDevice: return "no CUDA-capable device is detected";
    case kInvalidDevice: return "invalid device ordinal";
    case kInvalidHandle: return "invalid resource handle";
    case kNotWhileRecording: return "operation not permitted when stream is capturing";
    default: return "unknown error " + std::to_string(status);
  }
}

Status count_devices(int* count) {
  *count = settings().num_devices;
  return *count == 0 ? kNoDevice : kSuccess;
}

Status read_device_info(int device, DeviceInfo* info) {
  if (device < 0 || device >= settings().num_devices) return kInvalidDevice;
  *info = {"host emulator", settings().capability, "none", settings().multiprocessors};
  return kSuccess;
}

Status count_multiprocessors(int* count) {
  *count = settings().multiprocessors;
  return settings().num_devices == 0 ? kNoDevice : kSuccess;
}

Status use_device(int device) {
  if (device < 0 || device >= settings().num_devices) return kInvalidDevice;
  current_device = device;
  return kSuccess;
}

Status free_memory(std::size_t* bytes) {
  const Lock lock(one_at_a_time());
  *bytes = settings().memory_bytes - used_bytes()[current_device];
  return kSuccess;
}

Status allocate(void** memory, std::size_t bytes) {
  const Lock lock(one_at_a_time());
  *memory = nullptr;
  if (anyone_records()) return kNotWhileRecording;
  if (bytes == 0) return kSuccess;
  std::size_t& used = used_bytes()[current_device];
  const std::size_t largest = settings().largest_block;
  if (bytes > settings().memory_bytes - used || (largest != 0 && bytes > largest))
    return kOutOfMemory;
  *memory = allocate_device_memory(bytes);
  if (*memory == nullptr) return kOutOfMemory;
  used += bytes;
  device_of()[*memory] = current_device;
  return kSuccess;
}

void release(void* memory) {
  if (memory == nullptr) return;
  const Lock lock(one_at_a_time());
  finish_all();
  const std::size_t bytes = release_device_memory(memory);
  used_bytes()[device_of()[memory]] -= bytes;
  device_of().erase(memory);
}

Status allocate_pinned(void** memory, std::size_t bytes) {
  *memory = bytes == 0 ? nullptr : std::malloc(bytes);
  return bytes == 0 || *memory != nullptr ? kSuccess : kOutOfMemory;
}

void release_pinned(void* memory) {
  if (memory != nullptr) finish_all();
  std::free(memory);
}

Status copy_to_device(void* to, const void* from, std::size_t bytes, Stream stream) {
  return queue(stream, [=] {
    check_range(to, bytes, "copies to the device");
    if (bytes > 0) std::memcpy(to, from, bytes), mark_written(to, bytes);
  });
}

Status copy_to_host(void* to, const void* from, std::size_t bytes, Stream stream) {
  return queue(stream, [=] {
    check_range(from, bytes, "copies to the host");
    if (bytes > 0) std::memcpy(to, from, bytes);
  });
}

}  // namespace reranker::kernels::cuda
