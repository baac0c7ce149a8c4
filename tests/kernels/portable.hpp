#pragma once

#include "kernels/cpu/cpu_kernels.hpp"

namespace reranker::kernels::test {

/// The sources of the AVX-512 and AVX512-BF16 kernels, compiled on plain arrays in place of
/// registers.
const CpuKernels& portable_kernels();

/// The same with linear_bf16_amx.cpp, compiled on plain arrays in place of tiles.
const CpuKernels& portable_tiles_kernels();

}  // namespace reranker::kernels::test
