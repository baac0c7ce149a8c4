#pragma once

#include <cstddef>
#include <cstdint>

// Device memory: one range of addresses in which no two allocations touch, with a stamp on each 4
// bytes that says who wrote them last.

namespace reranker::kernels::cuda::host {

using Stamp = std::uint32_t;
constexpr Stamp kNotAllocated = 0;
constexpr Stamp kNeverWritten = 1;
constexpr Stamp kWrittenByHost = 2;  // blocks have the stamps above

struct DeviceMemory {
  unsigned char* bytes = nullptr;
  Stamp* stamps = nullptr;
  std::size_t used = 0;  // bytes that were ever given
  Stamp first_of_launch = kWrittenByHost + 1;
  Stamp of_block = kWrittenByHost + 1;
};
extern DeviceMemory device_memory;

/// Null if the host has no room. Filled with NaNs of every type.
void* allocate_device_memory(std::size_t bytes);
/// The bytes that were there.
std::size_t release_device_memory(void* memory);

/// Fails unless all of it is allocated; `verb` is for people.
void check_range(const void* memory, std::size_t bytes, const char* verb);
/// Fails as well if some of it was never written.
void check_written(const void* memory, std::size_t bytes, const char* verb);
void mark_written(const void* memory, std::size_t bytes);
bool is_allocated(const void* memory, std::size_t bytes);

[[noreturn]] void bad_global_read(const void* from, unsigned size);
[[noreturn]] void bad_global_write(const void* to, unsigned size);

inline bool is_foreign(Stamp stamp, unsigned size) {
  return size >= 4 && stamp >= device_memory.first_of_launch && stamp != device_memory.of_block;
}

template <unsigned kSize>
inline void check_global_read(const void* from) {
  const auto offset = reinterpret_cast<std::uintptr_t>(from) -
                      reinterpret_cast<std::uintptr_t>(device_memory.bytes);
  if (offset >= device_memory.used || offset % kSize != 0) bad_global_read(from, kSize);
  const Stamp* stamps = device_memory.stamps + offset / 4;
  for (unsigned i = 0; i < (kSize + 3) / 4; ++i)
    if (stamps[i] <= kNeverWritten || is_foreign(stamps[i], kSize)) bad_global_read(from, kSize);
}

template <unsigned kSize>
inline void check_global_write(const void* to) {
  const auto offset =
      reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(device_memory.bytes);
  if (offset >= device_memory.used || offset % kSize != 0) bad_global_write(to, kSize);
  Stamp* stamps = device_memory.stamps + offset / 4;
  for (unsigned i = 0; i < (kSize + 3) / 4; ++i) {
    if (stamps[i] == kNotAllocated || is_foreign(stamps[i], kSize)) bad_global_write(to, kSize);
    stamps[i] = device_memory.of_block;
  }
}

}  // namespace reranker::kernels::cuda::host
