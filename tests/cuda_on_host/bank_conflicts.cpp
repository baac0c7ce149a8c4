#include "cuda_on_host/bank_conflicts.hpp"

#include <algorithm>

#include "cuda_on_host/block.hpp"

namespace reranker::kernels::cuda::host {

namespace {

constexpr unsigned kBytesOfPass = 128;  // 32 banks of 4 bytes
constexpr int kMostNoted = 64;          // of a lane between two collectives; more are not counted

struct Noted {
  int count[kLanes] = {};
  std::uint32_t offsets[kMostNoted][kLanes];
  std::uint8_t kinds[kMostNoted][kLanes];  // size, and 128 for stores
};
Noted noted[kMaxWarps];

// Lanes whose access of that number is of the first lane's kind.
int gather(const Noted& warp, int number, int first_lane, int num_lanes, std::uint32_t* offsets,
           std::uint8_t* kind) {
  int count = 0;
  for (int lane = first_lane; lane < first_lane + num_lanes; ++lane) {
    if (warp.count[lane] <= number) continue;
    if (count == 0) *kind = warp.kinds[number][lane];
    if (warp.kinds[number][lane] == *kind) offsets[count++] = warp.offsets[number][lane];
  }
  return count;
}

std::uint8_t kind_of(const Noted& warp, int number) {
  for (int lane = 0; lane < kLanes; ++lane)
    if (warp.count[lane] > number) return warp.kinds[number][lane];
  return 0;
}

}  // namespace

int count_conflicts(const std::uint32_t* offsets, int num_lanes, unsigned size) {
  const unsigned unit = std::max(size, 4u);
  const unsigned num_banks = kBytesOfPass / unit;
  std::uint32_t places[kLanes][kLanes];  // the different ones in each bank
  int count[kLanes] = {};
  int passes = 0;
  for (int i = 0; i < num_lanes; ++i) {
    const std::uint32_t place = offsets[i] / unit;
    std::uint32_t* of_bank = places[place % num_banks];
    int& n = count[place % num_banks];
    if (std::find(of_bank, of_bank + n, place) != of_bank + n) continue;
    of_bank[n++] = place;
    passes = std::max(passes, n);
  }
  return std::max(passes - 1, 0);
}

void note_access(std::uint32_t offset, unsigned size, bool is_store) {
  const Thread& me = *block.current;
  Noted& warp = noted[me.index / kLanes];
  const int lane = lane_of(me);
  const int number = warp.count[lane];
  if (number == kMostNoted) return;
  warp.offsets[number][lane] = offset;
  warp.kinds[number][lane] = static_cast<std::uint8_t>(size | (is_store ? 128u : 0u));
  ++warp.count[lane];
}

void count_noted(int index) {
  Noted& warp = noted[index];
  const int most = *std::max_element(warp.count, warp.count + kLanes);
  for (int number = 0; number < most; ++number) {
    const unsigned size = kind_of(warp, number) & 127u;
    const int lanes_of_pass = size == 16 ? 8 : size == 8 ? 16 : 32;
    for (int lane = 0; lane < kLanes; lane += lanes_of_pass) {
      std::uint32_t offsets[kLanes];
      std::uint8_t kind = 0;
      const int count = gather(warp, number, lane, lanes_of_pass, offsets, &kind);
      if (count > 0) report.shared_conflicts += count_conflicts(offsets, count, kind & 127u);
    }
  }
  if (most > 0) std::fill_n(warp.count, kLanes, 0);
}

void forget_noted() {
  for (Noted& warp : noted) std::fill_n(warp.count, kLanes, 0);
}

}  // namespace reranker::kernels::cuda::host
