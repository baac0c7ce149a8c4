#include <algorithm>

#include "cuda_on_host/bank_conflicts.hpp"
#include "cuda_on_host/block.hpp"

// The barriers that the hardware counts for a block, and the one of a warp.

namespace reranker::kernels::cuda::host {

namespace {

void sync_lanes_together(void* const*) {
  const int first = block.current->index / kLanes * kLanes;
  Clock* seen = block.threads[first].seen;
  Clock* fenced = block.threads[first].fenced;
  for (int t = first + 1; t < first + kLanes; ++t) {
    join(seen, block.threads[t].seen);
    if (block.any_fence) join(fenced, block.threads[t].fenced);
  }
  for (int t = first; t < first + kLanes; ++t) {
    Thread& thread = block.threads[t];
    if (t != first) std::copy_n(seen, block.num_agents, thread.seen);
    if (t != first && block.any_fence) std::copy_n(fenced, block.num_agents, thread.fenced);
    ++thread.clock;
  }
  for (int t = first; t < first + kLanes; ++t) block.threads[t].seen[t] = block.threads[t].clock;
}

// Everybody's own clock is what everybody has seen once all have come: no need to join.
void see_all(Clock* seen) {
  for (int t = 0; t < block.num_threads; ++t) {
    seen[t] = block.threads[t].clock - 1;  // it has ticked since
    const Clock* agents = block.threads[t].seen;
    for (int i = block.num_threads; i < block.num_agents; ++i)
      seen[i] = std::max(seen[i], agents[i]);
  }
}

bool is_of_all(const Barrier& barrier) {
  return &barrier == &block.barriers[0];
}

void come(Barrier& barrier, const Thread& me) {
  if (!is_of_all(barrier)) join(barrier.seen.data(), me.seen);
  if (block.any_fence) join(barrier.fenced.data(), me.fenced);
  std::uint32_t& came = barrier.came[me.index / kLanes];
  came |= 1u << lane_of(me);
  if (came == ~0u) count_noted(me.index / kLanes);
  ++barrier.arrived;
}

void see(Thread& thread, const Barrier& barrier) {
  const Clock own = thread.clock;
  std::copy(barrier.seen.begin(), barrier.seen.end(), thread.seen);
  thread.seen[thread.index] = own;
  if (block.any_fence) join(thread.fenced, barrier.fenced.data());
}

void complete(Barrier& barrier, int id) {
  for (const std::uint32_t came : barrier.came)
    if (came != 0 && came != ~0u) fail("completes barrier %d with half a warp", id);
  if (is_of_all(barrier)) see_all(barrier.seen.data());
  for (const int t : barrier.waiting) {
    see(block.threads[t], barrier);
    if (t != block.current->index) wake(t);
  }
  barrier.waiting.clear();
  barrier.arrived = 0;
}

void begin(Barrier& barrier, int threads) {
  barrier.expected = threads;
  barrier.waiting.clear();
  std::fill(barrier.seen.begin(), barrier.seen.end(), 0);
  std::fill(barrier.fenced.begin(), barrier.fenced.end(), 0);
  std::fill_n(barrier.came, kMaxWarps, 0);
}

}  // namespace

void sync_lanes() {
  collective("sync_warp", sync_lanes_together, nullptr);
}

void barrier(int id, int threads, bool waits) {
  static const char* const kNames[kNumBarriers] = {
      "sync_block", "barrier 1",  "barrier 2",  "barrier 3", "barrier 4",  "barrier 5",
      "barrier 6",  "barrier 7",  "barrier 8",  "barrier 9", "barrier 10", "barrier 11",
      "barrier 12", "barrier 13", "barrier 14", "barrier 15"};
  if (id < 0 || id >= kNumBarriers) fail("comes to barrier %d", id);
  if (threads <= 0 || threads > block.num_threads || threads % kLanes != 0)
    fail("comes to barrier %d of %d threads", id, threads);
  Barrier& barrier = block.barriers[id];
  Thread& me = *block.current;
  if (barrier.arrived == 0) begin(barrier, threads);
  if (barrier.expected != threads)
    fail("comes to barrier %d of %d threads, which waits for %d", id, threads, barrier.expected);
  if (barrier.came[me.index / kLanes] >> lane_of(me) & 1) fail("comes to barrier %d twice", id);
  come(barrier, me);
  if (waits) barrier.waiting.push_back(me.index);
  const bool last = barrier.arrived == threads;
  tick();
  if (last) complete(barrier, id);
  if (waits && !last) return wait_here(kNames[id]);
  maybe_yield();
}

}  // namespace reranker::kernels::cuda::host
