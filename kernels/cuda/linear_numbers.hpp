#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cuda/types.hpp"

namespace reranker::kernels::cuda {

/// Rows of k random numbers of either sign, as they are stored, that tell one order of summation
/// from another. They spread over eight powers of two, so that fp32 sums of their products round.
/// The second half of a row mirrors the first, its signs turned if `opposed`: the product of an
/// opposed row and another is zero but for what rounding leaves, which hardly two orders agree on.
std::vector<std::uint8_t> mirrored_rows(Type type, std::int64_t num_rows, std::int64_t k,
                                        bool opposed, std::uint32_t seed);

}  // namespace reranker::kernels::cuda
