#include "cuda_on_host/device_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "cuda_on_host/emulator.hpp"
#include "cuda_on_host/fail.hpp"

namespace reranker::kernels::cuda::host {

DeviceMemory device_memory;

namespace {

constexpr std::size_t kReserved = std::size_t{1} << 38;  // addresses, which cost nothing
constexpr std::size_t kPage = 4096;

// Sizes by address. Addresses are not given twice, so what is used after its release is caught.
std::map<void*, std::size_t>& allocations() {
  static std::map<void*, std::size_t> all;
  return all;
}

void* reserve(std::size_t bytes) {
  void* range = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return range == MAP_FAILED ? nullptr : range;
}

bool make_ranges() {
  if (device_memory.stamps != nullptr) return true;
  device_memory.bytes = static_cast<unsigned char*>(reserve(kReserved));
  device_memory.stamps = static_cast<Stamp*>(reserve(kReserved));
  return device_memory.bytes != nullptr && device_memory.stamps != nullptr;
}

std::size_t offset_of(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) -
         reinterpret_cast<std::uintptr_t>(device_memory.bytes);
}

Stamp lowest_stamp(std::size_t offset, std::size_t bytes) {
  const Stamp* first = device_memory.stamps + offset / 4;
  const Stamp* last = device_memory.stamps + (offset + bytes + 3) / 4;
  Stamp lowest = ~Stamp{0};
  for (; first != last; ++first) lowest = std::min(lowest, *first);
  return lowest;
}

}  // namespace

void* allocate_device_memory(std::size_t bytes) {
  if (!make_ranges()) return nullptr;
  const std::size_t pages = (bytes + kPage - 1) / kPage * kPage;
  const std::size_t offset = device_memory.used + kPage;  // a page of nobody's between any two
  if (offset + pages + kPage > kReserved) return nullptr;
  void* memory = device_memory.bytes + offset;
  std::memset(memory, 0xff, bytes);
  std::fill_n(device_memory.stamps + offset / 4, (bytes + 3) / 4, kNeverWritten);
  device_memory.used = offset + pages;
  allocations()[memory] = bytes;
  return memory;
}

std::size_t release_device_memory(void* memory) {
  const auto found = allocations().find(memory);
  if (found == allocations().end()) fail("releases %p, which is not allocated", memory);
  const std::size_t bytes = found->second;
  const std::size_t pages = (bytes + kPage - 1) / kPage * kPage;
  madvise(memory, pages, MADV_DONTNEED);
  madvise(device_memory.stamps + offset_of(memory) / 4, pages, MADV_DONTNEED);
  allocations().erase(found);
  return bytes;
}

bool is_allocated(const void* memory, std::size_t bytes) {
  const std::size_t offset = offset_of(memory);
  return offset < device_memory.used && bytes <= device_memory.used - offset &&
         lowest_stamp(offset, bytes) != kNotAllocated;
}

void check_range(const void* memory, std::size_t bytes, const char* verb) {
  if (bytes > 0 && !is_allocated(memory, bytes))
    fail("%s %zu bytes at %p, not all of which are allocated device memory", verb, bytes, memory);
}

void check_written(const void* memory, std::size_t bytes, const char* verb) {
  check_range(memory, bytes, verb);
  if (bytes > 0 && lowest_stamp(offset_of(memory), bytes) == kNeverWritten)
    fail("%s %zu bytes at %p, some of which nobody has written", verb, bytes, memory);
}

void mark_written(const void* memory, std::size_t bytes) {
  Stamp* first = device_memory.stamps + offset_of(memory) / 4;
  std::fill(first, first + (bytes + 3) / 4, kWrittenByHost);
}

namespace {

[[noreturn]] void bad_global(const void* at, unsigned size, const char* verb, const char* never) {
  const std::size_t offset = offset_of(at);
  if (offset % size != 0) fail("%s %u bytes at %p, which is not aligned to them", verb, size, at);
  check_range(at, size, verb);
  if (lowest_stamp(offset, size) == kNeverWritten)
    fail("%s %u bytes of global memory at %p, %s", verb, size, at, never);
  fail("%s %u bytes of global memory at %p, which another block of this launch has written", verb,
       size, at);
}

}  // namespace

void bad_global_read(const void* from, unsigned size) {
  bad_global(from, size, "reads", "which nobody has written");
}
void bad_global_write(const void* to, unsigned size) {
  bad_global(to, size, "writes", "which nobody has written");
}

}  // namespace reranker::kernels::cuda::host
