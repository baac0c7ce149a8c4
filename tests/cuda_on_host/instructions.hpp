#pragma once

#include <cstdint>

#include "cuda_on_host/block.hpp"
#include "kernels/cuda/types.hpp"

// What the words of ptx.hpp do that is more than a line.

namespace reranker::kernels::cuda::host {

std::uint32_t shuffle_word(std::uint32_t value, int from_lane);
bool any_lane(bool value);
/// Fails where the lanes' values differ.
int common_value(int value);

void issue_cp_async(std::uint32_t to, const void* from);  // null: zeros
void commit_cp_async();
void wait_cp_async(std::size_t pending);

Words4 load_matrices(std::uint32_t row, bool transposed);
void multiply_bf16(float* d, const Words4& a, std::uint32_t b0, std::uint32_t b1);
void multiply_fp16(float* d, const Words4& a, std::uint32_t b0, std::uint32_t b1);

}  // namespace reranker::kernels::cuda::host
