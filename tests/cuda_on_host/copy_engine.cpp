#include "cuda_on_host/copy_engine.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "cuda_on_host/device_memory.hpp"
#include "cuda_on_host/shared_memory.hpp"
#include "cuda_on_host/tensor_map_host.hpp"

namespace reranker::kernels::cuda::host {

namespace {

struct Copy {
  std::uint32_t to = 0;  // offset in shared memory
  std::uint32_t barrier = 0;
  Clock clock = 0;
  std::vector<Words4> bytes;  // as they lie in shared memory, swizzled
};

struct MBarrier {
  int expected = 0;
  int pending = 0;           // arrivals
  std::int64_t bytes = 0;    // that copies have yet to bring
  std::uint32_t parity = 0;  // of the phase that runs
  int initialiser = 0;
  bool known_to_engine = false;
  std::vector<Clock> seen, fenced;                    // by those who have arrived so far
  std::vector<Clock> released_seen, released_fenced;  // by those of phases that have ended
  std::vector<Copy> landed;                           // in this phase
  std::vector<int> waiting;
};

std::map<std::uint32_t, MBarrier> mbarriers;  // by offset
std::vector<Copy> copies;                     // under way
Clock engine_clock = 0;

void check_device(const char* verb) {
  if (settings().capability < 90) fail("%s an mbarrier on a device before sm_90", verb);
}

MBarrier& find(std::uint32_t address, const char* verb) {
  check_device(verb);
  const std::uint32_t offset = checked_offset(address, 8, verb);
  const auto found = mbarriers.find(offset);
  if (found == mbarriers.end()) fail("%s the mbarrier at %u, which nobody has made", verb, offset);
  const Epoch made = shared.writes[offset / 4];
  if (!has_seen(*block.current, made))
    fail("%s the mbarrier at %u, which thread %d made without a barrier in between", verb, offset,
         found->second.initialiser);
  return found->second;
}

void land(const Copy& copy) {
  const std::uint32_t first = copy.to / 16;
  const Epoch epoch = (copy.clock << kAgentBits) | static_cast<Epoch>(copy_engine_agent());
  std::copy(copy.bytes.begin(), copy.bytes.end(), shared.storage.begin() + first);
  std::fill_n(shared.busy.begin() + first, copy.bytes.size(), Busy::no);
  std::fill_n(shared.writes.begin() + 4 * first, 4 * copy.bytes.size(), epoch);
}

void end_phase_if_due(MBarrier& barrier) {
  if (barrier.pending != 0 || barrier.bytes != 0) return;
  for (const Copy& copy : barrier.landed) {
    land(copy);
    Clock& seen = barrier.seen[static_cast<std::size_t>(copy_engine_agent())];
    seen = std::max(seen, copy.clock);
  }
  barrier.landed.clear();
  barrier.parity ^= 1;
  barrier.pending = barrier.expected;
  barrier.released_seen = barrier.seen;
  barrier.released_fenced = barrier.fenced;
  for (const int t : barrier.waiting) wake(t);
  barrier.waiting.clear();
}

}  // namespace

bool touches_mbarrier(std::uint32_t offset, unsigned size) {
  const auto next = mbarriers.lower_bound(offset < 7 ? 0 : offset - 7);
  return next != mbarriers.end() && next->first < offset + size;
}

void init_mbarrier(std::uint32_t address, int arrivals) {
  check_device("makes");
  if (arrivals < 1) fail("makes an mbarrier of %d arrivals", arrivals);
  shared_for_write(address, 8);
  const std::uint32_t offset = address - kSharedBase;
  if (mbarriers.count(offset) != 0) fail("makes the mbarrier at %u again", offset);
  MBarrier& barrier = mbarriers[offset];
  shared.busy[offset / 16] = Busy::mbarrier;
  barrier.expected = barrier.pending = arrivals;
  barrier.initialiser = block.current->index;
  barrier.seen.assign(block.num_agents, 0);
  barrier.fenced.assign(block.num_agents, 0);
}

void fence_mbarriers() {
  for (auto& [offset, barrier] : mbarriers)
    if (barrier.initialiser == block.current->index) barrier.known_to_engine = true;
}

void arrive_mbarrier(std::uint32_t address, std::uint32_t expected_bytes) {
  MBarrier& barrier = find(address, "arrives at");
  const Thread& me = *block.current;
  barrier.bytes += expected_bytes;
  if (barrier.bytes >= 1 << 20) fail("expects more bytes at an mbarrier than it can count");
  if (--barrier.pending < 0)
    fail("arrives at the mbarrier at %u, whose phase has all its %d arrivals",
         address - kSharedBase, barrier.expected);
  join(barrier.seen.data(), me.seen);
  if (block.any_fence) join(barrier.fenced.data(), me.fenced);
  tick();
  end_phase_if_due(barrier);
  maybe_yield();
}

void wait_mbarrier(std::uint32_t address, std::uint32_t parity) {
  if (parity > 1) fail("waits for parity %u", parity);
  MBarrier& barrier = find(address, "waits at");
  Thread& me = *block.current;
  maybe_yield();
  while (barrier.parity == parity) {
    barrier.waiting.push_back(me.index);
    wait_here("an mbarrier");
  }
  if (barrier.released_seen.empty()) return;  // the phase before the first
  join(me.seen, barrier.released_seen.data());
  if (block.any_fence) join(me.fenced, barrier.released_fenced.data());
}

void fence_proxy() {
  Thread& me = *block.current;
  block.any_fence = true;
  join(me.fenced, me.seen);
  tick();
}

void issue_tma(std::uint32_t to, const TensorMap& map, std::uint32_t address, const int (&at)[3]) {
  MBarrier& barrier = find(address, "sends a TMA copy to");
  if (!barrier.known_to_engine)
    fail("sends a TMA copy to an mbarrier without fence_mbarrier_init after it was made");
  const HostTensorMap tensor = decode(map);
  checked_offset(to, 128, "copies by TMA to");
  Copy copy;
  copy.to = to - kSharedBase;
  copy.barrier = address - kSharedBase;
  copy.clock = ++engine_clock;
  copy.bytes = fetch_box(tensor, to, at);
  for (std::size_t i = 0; i < copy.bytes.size(); ++i) {
    std::memset(shared_for_write(to + 16 * static_cast<std::uint32_t>(i), 16), 0xff, 16);
    shared.busy[copy.to / 16 + i] = Busy::tma;
  }
  copies.push_back(std::move(copy));
}

void start_copy_engine() {
  mbarriers.clear();
  copies.clear();
  engine_clock = block.first_clock;
}

bool has_copies() {
  return !copies.empty();
}

void finish_a_copy() {
  std::swap(copies[random_word() % copies.size()], copies.back());
  MBarrier& barrier = mbarriers.at(copies.back().barrier);
  barrier.bytes -= static_cast<std::int64_t>(copies.back().bytes.size() * sizeof(Words4));
  barrier.landed.push_back(std::move(copies.back()));
  copies.pop_back();
  end_phase_if_due(barrier);
}

void check_end_of_copy_engine() {
  if (!copies.empty()) fail("a block ends while its TMA copies are under way");
  for (const auto& [offset, barrier] : mbarriers)
    if (!barrier.landed.empty())
      fail("a block ends while the mbarrier at %u has %d arrivals and %lld bytes to come", offset,
           barrier.pending, static_cast<long long>(barrier.bytes));
}

Clock last_clock_of_copy_engine() {
  return engine_clock;
}

}  // namespace reranker::kernels::cuda::host
