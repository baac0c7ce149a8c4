#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>

#include "support/catch.hpp"

// Ends a program of tests for a GPU where there is none, as skipped.

namespace {

struct NeedsDevice : CatchListener {
  using CatchListener::CatchListener;
  void testRunStarting(const Catch::TestRunInfo&) override {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) return;
    std::puts("skipped: no CUDA device");
    std::exit(77);
  }
};

}  // namespace

CATCH_REGISTER_LISTENER(NeedsDevice)
