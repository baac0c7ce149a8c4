#include "cuda_on_host/block.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "cuda_on_host/bank_conflicts.hpp"
#include "cuda_on_host/copy_engine.hpp"
#include "cuda_on_host/device_memory.hpp"
#include "cuda_on_host/shared_memory.hpp"
#include "cuda_on_host/warpgroup.hpp"
#include "cuda_on_host/wide.hpp"

namespace reranker::kernels::cuda::host {

Block block;
Report report;

namespace {

Context scheduler;
std::thread::id runner;  // the host's thread that runs a grid
std::string violation;   // of the block that runs; empty if none
std::uint64_t random_state = 1;
std::vector<Clock> clocks;  // of all threads: seen and fenced
int current_warp = 0;

char* stack_of(int thread) {
  static char* stacks =
      static_cast<char*>(mmap(nullptr, kMaxThreads * kStackBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  return stacks + static_cast<std::size_t>(thread) * kStackBytes;
}

int any_bit(std::uint32_t mask) {
  const unsigned by = random_word() >> 27;
  const std::uint32_t turned = by == 0 ? mask : (mask >> by) | (mask << (32 - by));
  return static_cast<int>((static_cast<unsigned>(__builtin_ctz(turned)) + by) & 31);
}

constexpr std::uint32_t kSwitchOfWarp = 8;   // one in so many turns goes to another warp
constexpr std::uint32_t kTurnOfEngine = 16;  // the copy engine does something in one of so many

Thread* choose() {
  while (has_copies() && (block.runnable_warps == 0 || random_word() % kTurnOfEngine == 0))
    finish_a_copy();
  if (block.runnable_warps == 0) return nullptr;
  if (block.warps[current_warp].runnable == 0 || random_word() % kSwitchOfWarp == 0)
    current_warp = any_bit(block.runnable_warps);
  return &block.threads[current_warp * kLanes + any_bit(block.warps[current_warp].runnable)];
}

void leave() {
  Thread* from = block.current;
  Thread* to = choose();
  if (to == from) return;
  block.current = to;
  switch_context(&from->context, to != nullptr ? &to->context : &scheduler);
}

void stop(int thread) {
  Warp& warp = block.warps[thread / kLanes];
  warp.runnable &= ~(1u << (thread % kLanes));
  if (warp.runnable == 0) block.runnable_warps &= ~(1u << (thread / kLanes));
}

struct Stop {};  // thrown through the frames of the thread that failed

bool runs_to_its_end() {
  try {
    (*block.body)();
    if (!block.current->copies.empty()) fail("ends while its cp.async are under way");
    return true;
  } catch (const Stop&) {
    return false;
  }
}

void run_thread() {
  if (!runs_to_its_end()) leave_context(&scheduler);
  Thread& me = *block.current;
  me.ended = true;
  me.waits_at = "the end";
  stop(me.index);
  leave();
}

[[noreturn]] void fail_in_thread(const std::string& text) {
  const Thread& me = *block.current;
  violation = "thread " + std::to_string(me.index) + " of block (" + std::to_string(block.x) +
              ", " + std::to_string(block.y) + ") " + text;
  throw Stop{};
}

void start_threads() {
  const int n = block.num_threads;
  for (int t = 0; t < n; ++t) {
    Thread& thread = block.threads[t];
    thread.index = t;
    thread.clock = block.first_clock;
    thread.seen = clocks.data() + static_cast<std::size_t>(2 * t) * block.num_agents;
    thread.fenced = thread.seen + block.num_agents;
    std::fill_n(thread.seen, 2 * block.num_agents, block.first_clock - 1);
    thread.seen[t] = block.first_clock;
    thread.waits_at = nullptr;
    thread.ended = false;
    thread.copies.clear();
    thread.groups.clear();
    prepare(&thread.context, stack_of(t), run_thread);
  }
  for (int w = 0; w < kMaxWarps; ++w) {
    block.warps[w].runnable = w < n / kLanes ? ~0u : 0;
    block.warps[w].arrived = 0;
  }
  block.runnable_warps = n / kLanes == 32 ? ~0u : (1u << (n / kLanes)) - 1;
  for (Barrier& barrier : block.barriers) barrier.arrived = 0;
  block.any_fence = false;
  start_warpgroups();
  start_copy_engine();
  forget_noted();
}

[[noreturn]] void fail_of_deadlock() {
  std::string text = "block (" + std::to_string(block.x) + ", " + std::to_string(block.y) +
                     ") hangs: nobody can go on;";
  for (int t = 0; t < block.num_threads; ++t) {
    const char* at = block.threads[t].waits_at;
    if (t > 0 && std::strcmp(at, block.threads[t - 1].waits_at) == 0) continue;
    text += " from thread " + std::to_string(t) + " on: " + at + ";";
  }
  throw Violation(text);
}

void next_clocks() {
  Clock last = block.first_clock;
  for (int t = 0; t < block.num_threads; ++t) last = std::max(last, block.threads[t].clock);
  last = std::max({last, last_clock_of_warpgroups(), last_clock_of_copy_engine()});
  block.first_clock = last + 1;
  if (last < kMaxClock / 2) return;
  block.first_clock = 1;
  forget_epochs();
}

void run_block() {
  start_threads();
  start_shared_memory();
  violation.clear();
  block.current = choose();
  switch_context(&scheduler, &block.current->context);
  block.current = nullptr;
  if (!violation.empty()) throw Violation(violation);
  for (int t = 0; t < block.num_threads; ++t)
    if (!block.threads[t].ended) fail_of_deadlock();
  check_end_of_warpgroups();
  check_end_of_copy_engine();
  for (int w = 0; w < block.num_threads / kLanes; ++w) count_noted(w);
  next_clocks();
  ++report.blocks;
}

void prepare_grid(const Launch& launch) {
  if (launch.threads % kLanes != 0) fail("launches blocks of %d threads", launch.threads);
  report = {};
  block.num_threads = launch.threads;
  block.num_blocks_x = launch.blocks_x;
  block.num_agents = launch.threads + kMaxWarpgroups + 1;
  block.first_clock = 1;
  clocks.resize(static_cast<std::size_t>(2 * block.num_threads) * block.num_agents);
  for (Barrier& barrier : block.barriers) {
    barrier.seen.assign(block.num_agents, 0);
    barrier.fenced.assign(block.num_agents, 0);
  }
  random_state = settings().seed * 0x9e3779b97f4a7c15u + 1;
  make_shared_memory(launch.shared_bytes, launch.threads / kLanes);
}

}  // namespace

std::recursive_mutex& one_at_a_time() {
  static std::recursive_mutex mutex;
  return mutex;
}

const Report& last_launch() {
  return report;
}

std::string name_of(Epoch epoch) {
  const auto agent = static_cast<int>(epoch & ((1u << kAgentBits) - 1));
  if (agent < block.num_threads) return "thread " + std::to_string(agent);
  if (agent == copy_engine_agent()) return "the copy engine";
  return "the wgmma of warpgroup " + std::to_string(agent - block.num_threads);
}

std::uint32_t random_word() {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return static_cast<std::uint32_t>((random_state * 0x2545f4914f6cdd1du) >> 32);
}

void fail(const char* format, ...) {
  char text[1024];
  va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (block.current == nullptr || runner != std::this_thread::get_id()) throw Violation(text);
  fail_in_thread(text);
}

void run_grid(const Launch& launch, const std::function<void()>& body) {
  const std::lock_guard<std::recursive_mutex> lock(one_at_a_time());
  runner = std::this_thread::get_id();
  adopt(&scheduler);
  prepare_grid(launch);
  block.body = &body;
  DeviceMemory& memory = device_memory;
  memory.first_of_launch = memory.of_block + 1;
  memory.of_block = memory.first_of_launch;
  for (block.y = 0; block.y < launch.blocks_y; ++block.y)
    for (block.x = 0; block.x < launch.blocks_x; ++block.x, ++memory.of_block) run_block();
}

void wait_here(const char* name) {
  block.current->waits_at = name;
  stop(block.current->index);
  leave();
}

void wake(int thread) {
  block.warps[thread / kLanes].runnable |= 1u << (thread % kLanes);
  block.runnable_warps |= 1u << (thread / kLanes);
}

void maybe_yield() {
  if (random_word() % kSwitchOfWarp == 0) leave();
}

void collective(const char* name, void (*instruction)(void* const* operands), void* operand) {
  Thread& me = *block.current;
  Warp& warp = warp_of(me);
  if (warp.arrived == 0) {
    warp.instruction = instruction;
    warp.name = name;
  } else if (warp.instruction != instruction) {
    fail("comes to %s while lanes of its warp wait at %s", name, warp.name);
  }
  warp.operands[lane_of(me)] = operand;
  warp.arrived |= 1u << lane_of(me);
  if (warp.arrived != ~0u) return wait_here(name);
  warp.arrived = 0;
  ++report.collectives;
  count_noted(me.index / kLanes);
  instruction(warp.operands);
  warp.runnable = ~0u;
  maybe_yield();
}

void tick() {
  Thread& me = *block.current;
  me.seen[me.index] = ++me.clock;
}

RERANKER_WIDE void join(Clock* to, const Clock* from) {
  for (int i = 0; i < block.num_agents; ++i) to[i] = std::max(to[i], from[i]);
}

}  // namespace reranker::kernels::cuda::host
