#pragma once

#include <string_view>

#include "kernels/cpu/cpu_kernels.hpp"

// What a core can do on registers alone, the better of two probes. A product and its addition are
// two operations.

/// Processor time of this thread.
double cpu_seconds();

/// GFLOP/s of fused multiply-adds with the registers of "avx2" or "avx512"; 0 where they are not.
double fma_peak(std::string_view isa);

/// GOP/s of the instructions that a table's linear_int8 is made of; 0 for a table without.
double int8_peak(const reranker::kernels::CpuKernels& kernels);

/// GFLOP/s of the instruction that a table's linear_bf16 is made of; 0 for a table without.
double bf16_peak(const reranker::kernels::CpuKernels& kernels);
