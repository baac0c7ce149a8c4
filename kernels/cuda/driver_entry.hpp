#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include "kernels/cuda/types.hpp"

// Functions of the driver, asked of the runtime: the module does not link libcuda, which a machine
// without a driver lacks.

namespace reranker::kernels::cuda {

/// The function as drivers of CUDA 12.0 have it.
template <class Function>
Status find_in_driver(const char* name, Function* function) {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found{};
  constexpr unsigned kVersion = 12000;
  const auto status =
      cudaGetDriverEntryPointByVersion(name, &entry, kVersion, cudaEnableDefault, &found);
  if (status != cudaSuccess) return status;
  if (found != cudaDriverEntryPointSuccess) return cudaErrorCallRequiresNewerDriver;
  *function = reinterpret_cast<Function>(entry);
  return cudaSuccess;
}

}  // namespace reranker::kernels::cuda
