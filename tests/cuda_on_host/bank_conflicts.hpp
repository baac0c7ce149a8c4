#pragma once

#include <cstdint>

// Passes over the 32 banks of 4 bytes that accesses of a warp take beyond the fewest.

namespace reranker::kernels::cuda::host {

/// Of one pass's worth of lanes, each with `size` bytes at its offset. Lanes at the same place
/// share.
int count_conflicts(const std::uint32_t* offsets, int num_lanes, unsigned size);

/// Notes an access of the current lane. Accesses of a warp's lanes belong together by their number
/// since the warp's last collective or barrier.
void note_access(std::uint32_t offset, unsigned size, bool is_store);
/// Counts what a warp's lanes have noted, and begins anew.
void count_noted(int warp);
/// Begins anew without counting.
void forget_noted();

}  // namespace reranker::kernels::cuda::host
