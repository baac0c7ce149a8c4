#pragma once

#include "kernels/cpu/cpu_kernels.hpp"

/// GOP/s of the instructions that a table's linear_int8 is made of, on registers alone; a product
/// and its addition are two. 0 for a table without.
double int8_peak(const reranker::kernels::CpuKernels& kernels);
