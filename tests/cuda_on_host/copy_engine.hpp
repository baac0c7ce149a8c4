#pragma once

#include <cstdint>

#include "cuda_on_host/block.hpp"
#include "kernels/cuda/tensor_map.hpp"

// mbarriers, and the copies that arrive at them. A copy ends at a time that the dice choose, and
// what it brings is in shared memory once its barrier's phase ends: poison until then.

namespace reranker::kernels::cuda::host {

bool touches_mbarrier(std::uint32_t offset, unsigned size);
void init_mbarrier(std::uint32_t address, int arrivals);
void fence_mbarriers();
void arrive_mbarrier(std::uint32_t address, std::uint32_t expected_bytes);
void wait_mbarrier(std::uint32_t address, std::uint32_t parity);
/// Stores of what the current thread has seen may be read by wgmma and the copy engine.
void fence_proxy();
void issue_tma(std::uint32_t to, const TensorMap& map, std::uint32_t barrier, const int (&at)[3]);

// For the scheduler.

void start_copy_engine();
bool has_copies();
/// One of those under way.
void finish_a_copy();
void check_end_of_copy_engine();
Clock last_clock_of_copy_engine();

}  // namespace reranker::kernels::cuda::host
