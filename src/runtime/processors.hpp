#pragma once

#include <cstddef>
#include <filesystem>

namespace reranker::runtime {

/// Processors that this process may use: its affinity mask, and no more than the CPU quota of its
/// cgroup, rounded up. At least 1.
std::size_t available_processors();

/// The least CPU quota of a process's cgroup and of all above it, in processors, rounded up; the
/// largest number where there is none. `mount` is where cgroups are mounted (version 2, or version
/// 1 with its controller in a folder "cpu"), `of_process` names the process's own, as
/// /proc/self/cgroup does.
std::size_t cgroup_processors(const std::filesystem::path& mount,
                              const std::filesystem::path& of_process);

}  // namespace reranker::runtime
