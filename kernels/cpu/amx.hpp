#pragma once

#include "kernels/cpu/cpu_kernels.hpp"

// Whether AMX can be used. Declarations only: see types.hpp.

namespace reranker::kernels {

/// Whether processor and system have AMX's tiles and their products of bytes and of bf16; asks the
/// system for them, for the whole process and for good. Stacks of signal handlers (sigaltstack)
/// need more room then.
bool amx_granted();

/// Whether both tables give the same bits for products of bytes and of bf16 that are made up.
bool same_products(const CpuKernels& a, const CpuKernels& b);

}  // namespace reranker::kernels
