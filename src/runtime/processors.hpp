#pragma once

#include <cstddef>

namespace reranker::runtime {

/// Processors that this process may use: its affinity mask, and no more than the CPU quota of its
/// cgroup, rounded up. At least 1.
std::size_t available_processors();

}  // namespace reranker::runtime
