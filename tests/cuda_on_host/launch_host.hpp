#pragma once

#include <functional>
#include <tuple>

#include "kernels/cuda/types.hpp"

// launch() of launch.hpp on the host.

namespace reranker::kernels::cuda {

namespace host {

/// Does the work now, or keeps it where the stream is being recorded.
Status queue(Stream stream, std::function<void()> work);
/// Whether the pretended device would take such blocks.
Status check_launch(const Launch& launch);
void run_grid(const Launch& launch, const std::function<void()>& body);

}  // namespace host

/// Of the current device.
Status count_multiprocessors(int* count);

template <class... Parameters, class... Arguments>
Status launch(void (*kernel)(Parameters...), const Launch& launch, Stream stream,
              const Arguments&... arguments) {
  if (launch.blocks_x == 0 || launch.blocks_y == 0) return 0;
  if (const Status status = host::check_launch(launch); status != 0) return status;
  std::tuple<Parameters...> values(static_cast<Parameters>(arguments)...);
  return host::queue(stream, [kernel, launch, values] {
    host::run_grid(launch, [&] { std::apply(kernel, values); });
  });
}

}  // namespace reranker::kernels::cuda
