#pragma once

#include <cstdint>

#include "cuda_on_host/block.hpp"
#include "kernels/cuda/types.hpp"

// Instructions of a warpgroup. A wgmma is done when it is waited for: until then its sums are
// poison, and the tiles it reads may not be written.

namespace reranker::kernels::cuda::host {

/// What a thread brings to a wgmma.
struct WgmmaOperands {
  float* d;         // (n / 2)
  const Words4* a;  // its part of the left matrix; null: the tile at a_tile
  std::uint64_t a_tile;
  std::uint64_t b_tile;
  int n;
  bool accumulate;
  bool b_is_mn_major;
  bool is_bf16;
};

void fence_wgmma();
void issue_wgmma(const WgmmaOperands& operands);
void commit_wgmma();
void wait_wgmma(int pending);
/// setmaxnreg: more (inc) or less (dec).
void set_registers(int registers, bool more);

// For the scheduler.

void start_warpgroups();
void check_end_of_warpgroups();
Clock last_clock_of_warpgroups();

}  // namespace reranker::kernels::cuda::host
