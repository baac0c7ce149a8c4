#pragma once

#include <cstddef>
#include <filesystem>

namespace reranker::runtime {

/// Bytes that this process may still touch before the system or a cgroup would end some process for
/// want of memory: what is free, what the page cache would give back, and what can be swapped out.
/// The largest number where nothing is known.
std::size_t available_memory();

/// The same of the cgroups alone, swap left out: `mount` and `of_process` as in cgroup.hpp.
std::size_t cgroup_memory(const std::filesystem::path& mount,
                          const std::filesystem::path& of_process);

}  // namespace reranker::runtime
