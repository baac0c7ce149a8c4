#include "runtime/cgroup.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace reranker::runtime {
namespace {

namespace fs = std::filesystem;

// Of `cgroup`, "/a/b" say, and of all above it up to the mount: each bounds those below.
std::size_t least(const fs::path& mount, fs::path cgroup,
                  std::size_t (*limit_of)(const fs::path& folder)) {
  std::size_t limit = limit_of(mount);
  for (cgroup = cgroup.relative_path(); !cgroup.empty(); cgroup = cgroup.parent_path())
    limit = std::min(limit, limit_of(mount / cgroup));
  return limit;
}

bool names(const std::string& controllers, const std::string& controller) {
  return ("," + controllers + ",").find("," + controller + ",") != std::string::npos;
}

}  // namespace

// A line is "0::/path" of version 2, or "7:cpu,cpuacct:/path" of version 1. Inside a container's
// namespace the mount is the container's own cgroup.
std::size_t least_of_cgroups(const CgroupLimit& of, const fs::path& mount,
                             const fs::path& of_process) {
  const fs::path mount_v1 = mount / of.controller;
  std::size_t limit = std::min(of.v2(mount), of.v1(mount_v1));
  std::ifstream file(of_process);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string cgroup = line.substr(second + 1);
    if (controllers.empty()) limit = std::min(limit, least(mount, cgroup, of.v2));
    if (names(controllers, of.controller)) limit = std::min(limit, least(mount_v1, cgroup, of.v1));
  }
  return limit;
}

}  // namespace reranker::runtime
