#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>

namespace reranker::runtime {

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
inline constexpr const char* kCgroupMount = "/sys/fs/cgroup";
inline constexpr const char* kOwnCgroup = "/proc/self/cgroup";

/// What one cgroup leaves of something, by the files in its folder; kNoLimit where none bounds it.
struct CgroupLimit {
  const char* controller;  // of version 1, with a folder of that name in the mount
  std::size_t (*v2)(const std::filesystem::path& folder);
  std::size_t (*v1)(const std::filesystem::path& folder);
};

/// The least that a process's cgroup and all above it leave. `mount` is where cgroups are mounted,
/// `of_process` names the process's own, as /proc/self/cgroup does.
std::size_t least_of_cgroups(const CgroupLimit& limit, const std::filesystem::path& mount,
                             const std::filesystem::path& of_process);

}  // namespace reranker::runtime
