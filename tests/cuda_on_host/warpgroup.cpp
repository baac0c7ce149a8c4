#include "cuda_on_host/warpgroup.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "cuda_on_host/numbers_host.hpp"
#include "cuda_on_host/tile.hpp"
#include "cuda_on_host/wide.hpp"

namespace reranker::kernels::cuda::host {

namespace {

constexpr int kThreads = 128;  // of a warpgroup
constexpr int kRows = 64;      // of the left matrix and the sums
constexpr int kDepth = 16;     // of one wgmma
constexpr std::uint32_t kPoison = 0xffffffffu;

// The sums that a wgmma under way has taken out of the threads' registers.
struct Accumulator {
  float* d[kThreads];
  int n = 0;
  int under_way = 0;
  std::vector<float> sums;  // (64, n)
};

struct Wgmma {
  std::shared_ptr<Accumulator> accumulator;
  WgmmaOperands operands;           // those of the first thread
  std::vector<Words4> a_registers;  // (128), unless a is a tile
};

struct Warpgroup {
  int arrived = 0;
  void (*instruction)(Warpgroup&) = nullptr;
  const char* name = nullptr;
  const void* operands[kThreads];
  bool fenced = false;  // registers are the wgmma's
  Clock clock = 1;
  int registers = 0;
  std::vector<std::shared_ptr<Accumulator>> accumulators;  // under way
  std::vector<Wgmma> issued;
  std::vector<std::vector<Wgmma>> groups;  // committed, oldest first
};

Warpgroup warpgroups[kMaxWarpgroups];

int index_of(const Warpgroup& warpgroup) {
  return static_cast<int>(&warpgroup - warpgroups);
}

void collective(const char* name, void (*instruction)(Warpgroup&), const void* operand) {
  const Thread& me = *block.current;
  if (settings().capability != 90) fail("comes to %s on a device that is not sm_90", name);
  const int index = me.index / kThreads;
  if ((index + 1) * kThreads > block.num_threads) fail("comes to %s in no whole warpgroup", name);
  Warpgroup& warpgroup = warpgroups[index];
  if (warpgroup.arrived == 0) {
    warpgroup.instruction = instruction;
    warpgroup.name = name;
  } else if (warpgroup.instruction != instruction) {
    fail("comes to %s while threads of its warpgroup wait at %s", name, warpgroup.name);
  }
  warpgroup.operands[me.index % kThreads] = operand;
  if (++warpgroup.arrived < kThreads) return wait_here(name);
  warpgroup.arrived = 0;
  ++report.collectives;
  instruction(warpgroup);
  for (int t = index * kThreads; t < (index + 1) * kThreads; ++t)
    if (t != me.index) wake(t);
  maybe_yield();
}

// Register i of a thread holds this element of (64, n).
int element(int thread, int i, int n) {
  const int lane = thread % kLanes;
  const int row = thread / kLanes * 16 + i / 2 % 2 * 8 + lane / 4;
  return row * n + i / 4 * 8 + lane % 4 * 2 + i % 2;
}

void check_poison(const Accumulator& accumulator) {
  for (const float* d : accumulator.d)
    for (int i = 0; i < accumulator.n / 2; ++i)
      if (bits_of(d[i]) != kPoison) fail("finds sums of a wgmma under way written");
}

std::shared_ptr<Accumulator> take_sums(const Warpgroup& warpgroup, int n) {
  auto taken = std::make_shared<Accumulator>();
  taken->n = n;
  taken->sums.resize(static_cast<std::size_t>(kRows) * n);
  for (int t = 0; t < kThreads; ++t) {
    float* d = static_cast<const WgmmaOperands*>(warpgroup.operands[t])->d;
    taken->d[t] = d;
    for (int i = 0; i < n / 2; ++i) {
      taken->sums[element(t, i, n)] = d[i];
      d[i] = float_of(kPoison);
    }
  }
  return taken;
}

std::shared_ptr<Accumulator> accumulator_of(Warpgroup& warpgroup, const WgmmaOperands& operands) {
  for (const auto& known : warpgroup.accumulators) {
    if (known->d[0] != operands.d) continue;
    if (known->n != operands.n) fail("gives sums of a wgmma under way to one of another shape");
    check_poison(*known);
    return known;
  }
  warpgroup.accumulators.push_back(take_sums(warpgroup, operands.n));
  return warpgroup.accumulators.back();
}

void check_alike(const Warpgroup& warpgroup) {
  const auto& first = *static_cast<const WgmmaOperands*>(warpgroup.operands[0]);
  for (const void* operand : warpgroup.operands) {
    const auto& other = *static_cast<const WgmmaOperands*>(operand);
    if (other.a_tile != first.a_tile || other.b_tile != first.b_tile || other.n != first.n ||
        other.accumulate != first.accumulate || other.b_is_mn_major != first.b_is_mn_major ||
        other.is_bf16 != first.is_bf16 || (other.a == nullptr) != (first.a == nullptr))
      fail("comes to a wgmma with operands that threads of its warpgroup do not share");
  }
}

Tile a_tile(const WgmmaOperands& operands) {
  return decode_tile(operands.a_tile, false);
}
Tile b_tile(const WgmmaOperands& operands) {
  return decode_tile(operands.b_tile, operands.b_is_mn_major);
}

void issue(Warpgroup& warpgroup) {
  check_alike(warpgroup);
  const auto& operands = *static_cast<const WgmmaOperands*>(warpgroup.operands[0]);
  if (!warpgroup.fenced) fail("starts a wgmma without wgmma_fence since the last wait");
  Wgmma wgmma{accumulator_of(warpgroup, operands), operands, {}};
  ++wgmma.accumulator->under_way;
  const int index = index_of(warpgroup);
  claim_tile(b_tile(operands), operands.n, index);
  if (operands.a == nullptr) {
    claim_tile(a_tile(operands), kRows, index);
  } else {
    for (const void* operand : warpgroup.operands)
      wgmma.a_registers.push_back(*static_cast<const WgmmaOperands*>(operand)->a);
  }
  warpgroup.issued.push_back(std::move(wgmma));
}

// (16, 64): four words a thread, as mma has them.
void widen_registers(float* a, const std::vector<Words4>& registers, bool is_bf16) {
  const auto widen = is_bf16 ? from_bf16 : from_fp16;
  for (int t = 0; t < kThreads; ++t)
    for (int i = 0; i < 4; ++i) {
      const int lane = t % kLanes;
      const int row = t / kLanes * 16 + i % 2 * 8 + lane / 4;
      const int k = i / 2 * 8 + lane % 4 * 2;
      const std::uint32_t word = registers[t].w[i];
      a[k * kRows + row] = widen(static_cast<std::uint16_t>(word));
      a[(k + 1) * kRows + row] = widen(static_cast<std::uint16_t>(word >> 16));
    }
}

RERANKER_WIDE void multiply(float* sums, const float* a, const float* b, int n) {
  for (int row = 0; row < kRows; ++row)
    for (int k = 0; k < kDepth; ++k)
      for (int i = 0; i < n; ++i) sums[row * n + i] += a[k * kRows + row] * b[k * n + i];
}

void put_sums_back(Warpgroup& warpgroup, const std::shared_ptr<Accumulator>& accumulator) {
  check_poison(*accumulator);
  for (int t = 0; t < kThreads; ++t)
    for (int i = 0; i < accumulator->n / 2; ++i)
      accumulator->d[t][i] = accumulator->sums[element(t, i, accumulator->n)];
  auto& all = warpgroup.accumulators;
  all.erase(std::find(all.begin(), all.end(), accumulator));
}

void complete(Warpgroup& warpgroup, const Wgmma& wgmma) {
  const WgmmaOperands& operands = wgmma.operands;
  const int index = index_of(warpgroup);
  float a[kDepth * kRows];
  std::vector<float> b(static_cast<std::size_t>(kDepth) * operands.n);
  read_tile(b.data(), b_tile(operands), operands.n, operands.is_bf16);
  give_back_tile(b_tile(operands), operands.n, index, warpgroup.clock);
  if (operands.a == nullptr) {
    read_tile(a, a_tile(operands), kRows, operands.is_bf16);
    give_back_tile(a_tile(operands), kRows, index, warpgroup.clock);
  } else {
    widen_registers(a, wgmma.a_registers, operands.is_bf16);
  }
  std::vector<float>& sums = wgmma.accumulator->sums;
  if (!operands.accumulate) std::fill(sums.begin(), sums.end(), 0.0f);
  multiply(sums.data(), a, b.data(), operands.n);
  if (--wgmma.accumulator->under_way == 0) put_sums_back(warpgroup, wgmma.accumulator);
}

void commit(Warpgroup& warpgroup) {
  warpgroup.groups.push_back(std::move(warpgroup.issued));
  warpgroup.issued.clear();
}

void wait(Warpgroup& warpgroup) {
  const auto pending = static_cast<std::size_t>(*static_cast<const int*>(warpgroup.operands[0]));
  auto& groups = warpgroup.groups;
  const std::size_t done = groups.size() > pending ? groups.size() - pending : 0;
  for (std::size_t i = 0; i < done; ++i)
    for (const Wgmma& wgmma : groups[i]) complete(warpgroup, wgmma);
  groups.erase(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(done));
  const int index = index_of(warpgroup);
  for (int t = index * kThreads; t < (index + 1) * kThreads; ++t)
    block.threads[t].seen[wgmma_agent(index)] = warpgroup.clock;
  ++warpgroup.clock;
  warpgroup.fenced = false;
}

void take(Warpgroup& warpgroup) {
  warpgroup.registers = *static_cast<const int*>(warpgroup.operands[0]);
}

}  // namespace

void fence_wgmma() {
  collective(
      "wgmma_fence", [](Warpgroup& warpgroup) { warpgroup.fenced = true; }, nullptr);
}

void issue_wgmma(const WgmmaOperands& operands) {
  collective("wgmma", issue, &operands);
}

void commit_wgmma() {
  collective("wgmma_commit", commit, nullptr);
}

void wait_wgmma(int pending) {
  collective("wgmma_wait", wait, &pending);
}

void set_registers(int registers, bool more) {
  if (registers < 24 || registers > 256 || registers % 8 != 0)
    fail("asks for %d registers a thread", registers);
  collective(more ? "take_registers" : "give_registers", take, &registers);
}

void start_warpgroups() {
  for (Warpgroup& warpgroup : warpgroups) {
    warpgroup = Warpgroup{};
    warpgroup.clock = block.first_clock;
  }
}

void check_end_of_warpgroups() {
  int registers = 0;
  bool all_count = true;
  for (int i = 0; i < block.num_threads / kThreads; ++i) {
    const Warpgroup& warpgroup = warpgroups[i];
    if (!warpgroup.issued.empty() || !warpgroup.groups.empty())
      fail("warpgroup %d ends with wgmma that nobody has waited for", i);
    registers += warpgroup.registers * kThreads;
    all_count &= warpgroup.registers != 0;
  }
  if (all_count && registers > 65536) fail("a block's warpgroups take %d registers", registers);
}

Clock last_clock_of_warpgroups() {
  Clock last = 0;
  for (const Warpgroup& warpgroup : warpgroups) last = std::max(last, warpgroup.clock);
  return last;
}

}  // namespace reranker::kernels::cuda::host
