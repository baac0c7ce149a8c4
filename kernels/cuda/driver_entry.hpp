#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include "kernels/cuda/types.hpp"

// Functions of the driver, asked of the runtime, so that the module needs no libcuda to be linked
// or loaded.

namespace reranker::kernels::cuda {

/// The function as drivers of CUDA 12.0 have it.
template <class Function>
Status find_in_driver(const char* name, Function* function) {
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found{};
#if CUDART_VERSION >= 12050
  constexpr unsigned kVersion = 12000;
  const auto status =
      cudaGetDriverEntryPointByVersion(name, &entry, kVersion, cudaEnableDefault, &found);
#else
  const auto status = cudaGetDriverEntryPoint(name, &entry, cudaEnableDefault, &found);
#endif
  if (status != cudaSuccess) return status;
  if (found != cudaDriverEntryPointSuccess) return cudaErrorCallRequiresNewerDriver;
  *function = reinterpret_cast<Function>(entry);
  return cudaSuccess;
}

}  // namespace reranker::kernels::cuda
