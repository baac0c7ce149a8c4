#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "cuda_on_host/emulator.hpp"
#include "cuda_on_host/fail.hpp"
#include "cuda_on_host/fiber.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/types.hpp"

// The block that runs: its threads, who of them may go on, and what each has seen of the others.
//
// What is ordered is decided by vector clocks. A thread's clock ticks whenever it lets others see
// what it did; a barrier hands on what all who came to it had seen. An access is ordered after
// another if its thread has seen the other's clock.

namespace reranker::kernels::cuda::host {

constexpr int kMaxThreads = 1024;
constexpr int kLanes = 32;
constexpr int kMaxWarps = kMaxThreads / kLanes;
// Besides the threads, wgmma of each warpgroup and the copy engine have clocks.
constexpr int kMaxWarpgroups = kMaxThreads / 128;
constexpr int kMaxAgents = kMaxThreads + kMaxWarpgroups + 1;

using Clock = std::uint32_t;
/// Who (lower 11 bits) did it and when (the clock, upper 21).
using Epoch = std::uint32_t;
constexpr int kAgentBits = 11;
constexpr Clock kMaxClock = (Clock{1} << (32 - kAgentBits)) - 1;

struct AsyncCopy {
  std::uint32_t to;
  const void* from;  // null: zeros
};

struct Thread {
  Context context;
  int index = 0;
  Clock clock = 0;
  Clock* seen = nullptr;    // (num_agents): up to which clock; its own clock included
  Clock* fenced = nullptr;  // (num_agents): the same of stores that the async proxy may see
  const char* waits_at = nullptr;
  bool ended = false;
  std::vector<AsyncCopy> copies;    // cp.async under way, oldest first
  std::vector<std::size_t> groups;  // how many of `copies` each committed group reaches to
};

struct Warp {
  std::uint32_t runnable = 0;  // a bit for each lane
  std::uint32_t arrived = 0;   // at the collective instruction
  void (*instruction)(void* const* operands) = nullptr;
  const char* name = nullptr;
  void* operands[kLanes];
};

struct Barrier {
  int expected = 0;
  int arrived = 0;
  std::uint32_t came[kMaxWarps] = {};
  std::vector<Clock> seen;
  std::vector<Clock> fenced;
  std::vector<int> waiting;
};
constexpr int kNumBarriers = 16;

struct Block {
  int x = 0, y = 0, num_blocks_x = 0, num_threads = 0;
  int num_agents = 0;
  Thread* current = nullptr;  // null outside of kernels
  std::uint32_t runnable_warps = 0;
  Clock first_clock = 1;   // clocks below are those of blocks before
  bool any_fence = false;  // whether `fenced` of anyone differs from first_clock - 1
  const std::function<void()>* body = nullptr;
  Thread threads[kMaxThreads];
  Warp warps[kMaxWarps];
  Barrier barriers[kNumBarriers];
};
extern Block block;
extern Report report;

/// Held by whatever touches the pretended devices.
std::recursive_mutex& one_at_a_time();

/// Runs the whole grid.
void run_grid(const Launch& launch, const std::function<void()>& body);

std::uint32_t random_word();

inline int lane_of(const Thread& thread) {
  return thread.index % kLanes;
}
inline Warp& warp_of(const Thread& thread) {
  return block.warps[thread.index / kLanes];
}
inline Epoch epoch_of(const Thread& thread) {
  return (thread.clock << kAgentBits) | static_cast<Epoch>(thread.index);
}
inline int wgmma_agent(int warpgroup) {
  return block.num_threads + warpgroup;
}
inline int copy_engine_agent() {
  return block.num_threads + kMaxWarpgroups;
}
/// "thread 3", "the wgmma of warpgroup 1", "the copy engine".
std::string name_of(Epoch epoch);
inline bool has_seen(const Thread& thread, Epoch epoch) {
  return (epoch >> kAgentBits) <= thread.seen[epoch & ((1u << kAgentBits) - 1)];
}

/// Lets the current thread wait until wake(it); `name` is for people.
void wait_here(const char* name);
void wake(int thread);
/// Lets another thread go first if the dice say so.
void maybe_yield();

/// Comes to an instruction of the whole warp. The last lane to come runs it on the operands of all.
void collective(const char* name, void (*instruction)(void* const* operands), void* operand);
void barrier(int id, int threads, bool waits);
void sync_lanes();
/// The current thread's clock goes on, after others could see what it did.
void tick();
/// to = max(to, from), (num_agents).
void join(Clock* to, const Clock* from);

}  // namespace reranker::kernels::cuda::host
