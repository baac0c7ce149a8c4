#include "kernels/cuda/device.hpp"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "cuda_on_host/block.hpp"
#include "cuda_on_host/device_memory.hpp"
#include "kernels/cuda/launch.hpp"

// device.hpp on the host: work is done at once when it is queued, unless its stream is recorded.

namespace reranker::kernels::cuda {

namespace host {

namespace {

// cudaError_t
constexpr Status kInvalidValue = 1, kOutOfMemory = 2, kInvalidConfiguration = 9, kNoDevice = 100,
                 kInvalidDevice = 101, kInvalidHandle = 400, kNotWhileRecording = 900;

using Lock = std::lock_guard<std::recursive_mutex>;

struct HostStream {
  int device;
  bool recorded = false;
  std::vector<std::function<void()>> work;
};

struct HostGraph {
  std::vector<std::function<void()>> work;
};

thread_local int current_device = 0;

std::map<int, std::size_t>& used_bytes() {
  static std::map<int, std::size_t> all;
  return all;
}
std::map<void*, int>& device_of() {
  static std::map<void*, int> all;
  return all;
}
std::set<HostStream*>& streams() {
  static std::set<HostStream*> all;
  return all;
}

HostStream* find(Stream stream) {
  static HostStream no_name{0, false, {}};
  if (stream == nullptr) {
    no_name.device = current_device;
    return &no_name;
  }
  auto* found = reinterpret_cast<HostStream*>(stream);
  return streams().count(found) != 0 && found->device == current_device ? found : nullptr;
}

bool anyone_records() {
  for (const HostStream* stream : streams())
    if (stream->recorded) return true;
  return false;
}

int most_shared_bytes() {
  switch (settings().capability) {
    case 80: return 163 * 1024;
    case 90: return 227 * 1024;
    default: return 99 * 1024;
  }
}

}  // namespace

Status queue(Stream stream, std::function<void()> work) {
  const Lock lock(one_at_a_time());
  HostStream* found = find(stream);
  if (found == nullptr) return kInvalidHandle;
  if (found->recorded)
    found->work.push_back(std::move(work));
  else
    work();
  return kSuccess;
}

Status check_launch(const Launch& launch) {
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
  *info = {"host emulator", settings().capability, settings().multiprocessors,
           settings().memory_bytes, "none"};
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
  if (bytes > settings().memory_bytes - used) return kOutOfMemory;
  *memory = allocate_device_memory(bytes);
  if (*memory == nullptr) return kOutOfMemory;
  used += bytes;
  device_of()[*memory] = current_device;
  return kSuccess;
}

void release(void* memory) {
  if (memory == nullptr) return;
  const Lock lock(one_at_a_time());
  const std::size_t bytes = release_device_memory(memory);
  used_bytes()[device_of()[memory]] -= bytes;
  device_of().erase(memory);
}

Status allocate_pinned(void** memory, std::size_t bytes) {
  *memory = bytes == 0 ? nullptr : std::malloc(bytes);
  return bytes == 0 || *memory != nullptr ? kSuccess : kOutOfMemory;
}

void release_pinned(void* memory) {
  std::free(memory);
}

Status make_stream(Stream* stream) {
  const Lock lock(one_at_a_time());
  auto* made = new HostStream{current_device, false, {}};
  streams().insert(made);
  *stream = reinterpret_cast<Stream>(made);
  return kSuccess;
}

void destroy(Stream stream) {
  if (stream == nullptr) return;
  const Lock lock(one_at_a_time());
  auto* gone = reinterpret_cast<HostStream*>(stream);
  if (streams().erase(gone) == 0) fail("destroys a stream that is none");
  delete gone;
}

Status synchronize(Stream stream) {
  const Lock lock(one_at_a_time());
  const HostStream* found = find(stream);
  if (found == nullptr) return kInvalidHandle;
  return found->recorded ? kNotWhileRecording : kSuccess;
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

Graph::~Graph() {
  delete static_cast<HostGraph*>(handle_);
}

Status Graph::begin(Stream stream) {
  const Lock lock(one_at_a_time());
  HostStream* found = find(stream);
  if (stream == nullptr || found == nullptr) return kInvalidHandle;
  if (found->recorded) return kNotWhileRecording;
  found->recorded = true;
  return kSuccess;
}

Status Graph::end(Stream stream) {
  const Lock lock(one_at_a_time());
  HostStream* found = find(stream);
  if (found == nullptr || !found->recorded) return kInvalidHandle;
  found->recorded = false;
  delete static_cast<HostGraph*>(handle_);
  handle_ = new HostGraph{std::move(found->work)};
  found->work.clear();
  return kSuccess;
}

Status Graph::launch(Stream stream) const {
  if (handle_ == nullptr) return kInvalidHandle;
  for (const auto& work : static_cast<const HostGraph*>(handle_)->work)
    if (const Status status = queue(stream, work); status != kSuccess) return status;
  return kSuccess;
}

}  // namespace reranker::kernels::cuda
