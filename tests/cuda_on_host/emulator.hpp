#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

// The host in place of a device: what tests can set and ask. Kernels run one block after another,
// each CUDA thread on a stack of its own, in an order drawn from the seed. Whatever the CUDA model
// leaves undefined is an error here, and throws Violation out of the launch.

namespace reranker::kernels::cuda::host {

/// What a kernel or a caller did that a device would not have to bear, in words: thread, block,
/// address and deed.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Settings {
  std::uint64_t seed = 1;  // of the order in which lanes and warps run
  int num_devices = 2;
  int capability = 90;
  int multiprocessors = 4;
  std::size_t memory_bytes = std::size_t{1} << 30;
  std::size_t largest_block = 0;  // that is given, however much is free; 0: any
  bool late = false;              // work waits on its stream until somebody waits for it
  int failing_launch = 0;         // the launch that fails, counted from 1; 0: none
  int failing_graphs = 0;         // 1: no recording can be made a graph; 2: no graph be launched
};
/// At first as the environment has them: RERANKER_CUDA_ON_HOST="seed=3 capability=80 late=1".
Settings& settings();

/// What one launch did.
struct Report {
  std::int64_t blocks = 0;
  std::int64_t collectives = 0;         // instructions of a warp or a warpgroup
  std::int64_t ldmatrix_conflicts = 0;  // passes over shared memory beyond those it needs
  std::int64_t shared_conflicts = 0;    // the same of load_shared and store_shared
  std::int64_t poisoned_reads = 0;      // words of shared memory read that nobody had written
};
/// Of the launch that ended last.
const Report& last_launch();

/// Bytes of device memory that are allocated now.
std::size_t allocated_bytes();

}  // namespace reranker::kernels::cuda::host
