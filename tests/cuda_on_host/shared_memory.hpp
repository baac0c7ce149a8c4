#pragma once

#include <cstdint>
#include <vector>

#include "cuda_on_host/block.hpp"

// The shared memory of the block that runs, and who wrote and read each of its words last. Reads
// are kept one a warp: of two lanes that read a word without an order between them, the later.

namespace reranker::kernels::cuda::host {

/// Where the window begins: not at 0, so that a kernel that forgets its base is caught.
constexpr std::uint32_t kSharedBase = 1024;

/// What hinders accesses to 16 bytes; an mbarrier takes but half of them.
enum class Busy : std::uint8_t { no, cp_async, tma, mbarrier };

struct SharedMemory {
  std::uint32_t bytes = 0;
  int num_readers = 0;  // warps, then warpgroups' wgmma
  std::vector<Words4> storage;
  unsigned char* data = nullptr;
  std::vector<Epoch> writes;              // (words)
  std::vector<std::vector<Epoch>> reads;  // (num_readers, words)
  std::vector<Busy> busy;                 // (words / 4)
  std::vector<std::uint8_t> uses;         // (words / 4): wgmma that read it now
};
extern SharedMemory shared;

void make_shared_memory(int bytes, int num_warps);
/// Poison for a new block.
void start_shared_memory();
/// As clocks begin again.
void forget_epochs();

/// The bytes, after all checks. They are noted as read, or written, by the current thread.
const void* shared_for_read(std::uint32_t address, unsigned size);
void* shared_for_write(std::uint32_t address, unsigned size);
/// The offset in the window, after a check of bounds and alignment alone.
std::uint32_t checked_offset(std::uint32_t address, unsigned size, const char* verb);
const char* deed(Busy busy);

}  // namespace reranker::kernels::cuda::host
