#pragma once

#include "kernels/cpu/linear_layout.hpp"
#include "kernels/linear_bf16.hpp"

// Where a panel of packed bf16 weights lies. Declarations only: see types.hpp.

namespace reranker::kernels {

/// Words of one panel: 16 rows of bf16_stride(k). Their bytes are a multiple of kAlignment.
std::int64_t bf16_panel_words(const LinearWeights& weights);

}  // namespace reranker::kernels
