#pragma once

#include "kernels/cuda/types.hpp"

// How a kernel is started. Tests start the same kernels on the host.

namespace reranker::kernels::cuda {

struct Launch {
  int blocks_x;
  int blocks_y;
  int threads;  // of a block
  int shared_bytes;
};

}  // namespace reranker::kernels::cuda

#if defined(__CUDACC__)

#include <cuda_runtime.h>

namespace reranker::kernels::cuda {

/// Of the current device.
inline Status count_multiprocessors(int* count) {
  int device = 0;
  const auto status = cudaGetDevice(&device);
  if (status != cudaSuccess) return status;
  return cudaDeviceGetAttribute(count, cudaDevAttrMultiProcessorCount, device);
}

/// Queues `kernel` with its arguments. A grid without blocks is no work and no error.
template <class... Parameters, class... Arguments>
Status launch(void (*kernel)(Parameters...), const Launch& launch, Stream stream,
              const Arguments&... arguments) {
  if (launch.blocks_x == 0 || launch.blocks_y == 0) return cudaSuccess;
  constexpr int kWithoutAsking = 48 * 1024;  // larger blocks are refused unless asked for
  if (launch.shared_bytes > kWithoutAsking) {
    const auto status = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                             launch.shared_bytes);
    if (status != cudaSuccess) return status;
  }
  cudaLaunchConfig_t config{};
  config.gridDim =
      dim3(static_cast<unsigned>(launch.blocks_x), static_cast<unsigned>(launch.blocks_y));
  config.blockDim = dim3(static_cast<unsigned>(launch.threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(launch.shared_bytes);
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
}

}  // namespace reranker::kernels::cuda

#else
#include "cuda_on_host/launch_host.hpp"
#endif
