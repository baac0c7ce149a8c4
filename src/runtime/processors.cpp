#include "runtime/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace reranker::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
constexpr int kMostProcessors = 1 << 16;

struct FreeSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

// The kernel refuses a mask with fewer bits than it has.
std::size_t affinity() {
  for (int bits = CPU_SETSIZE; bits <= kMostProcessors; bits *= 2) {
    const std::unique_ptr<cpu_set_t, FreeSet> set(CPU_ALLOC(bits));
    const std::size_t bytes = CPU_ALLOC_SIZE(bits);
    if (set == nullptr) break;
    if (::sched_getaffinity(0, bytes, set.get()) == 0)
      return static_cast<std::size_t>(CPU_COUNT_S(bytes, set.get()));
    if (errno != EINVAL) break;
  }
  return 1;
}

std::size_t quota(double microseconds, double period) {
  if (!(microseconds > 0.0) || !(period > 0.0)) return kNoLimit;
  return static_cast<std::size_t>(std::ceil(microseconds / period));
}

// cgroup v2: cpu.max holds "quota period", or "max period" where there is none.
std::size_t quota_v2(const fs::path& folder) {
  std::ifstream file(folder / "cpu.max");
  std::string microseconds;
  double period = 0;
  if (!(file >> microseconds >> period) || microseconds == "max") return kNoLimit;
  return quota(std::strtod(microseconds.c_str(), nullptr), period);
}

// cgroup v1: two files, quota -1 where there is none.
std::size_t quota_v1(const fs::path& folder) {
  std::ifstream quota_file(folder / "cpu.cfs_quota_us");
  std::ifstream period_file(folder / "cpu.cfs_period_us");
  double microseconds = 0;
  double period = 0;
  if (!(quota_file >> microseconds) || !(period_file >> period)) return kNoLimit;
  return quota(microseconds, period);
}

// Of `cgroup`, "/a/b" say, and of all above it up to the mount: each bounds those below.
std::size_t least(const fs::path& mount, fs::path cgroup,
                  std::size_t (*quota_of)(const fs::path& folder)) {
  std::size_t limit = quota_of(mount);
  for (cgroup = cgroup.relative_path(); !cgroup.empty(); cgroup = cgroup.parent_path())
    limit = std::min(limit, quota_of(mount / cgroup));
  return limit;
}

bool names_cpu(std::string_view controllers) {
  return ("," + std::string(controllers) + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

// A line is "0::/path" of version 2, or "7:cpu,cpuacct:/path" of version 1. Inside a container's
// namespace the mount is the container's own cgroup.
std::size_t cgroup_processors(const fs::path& mount, const fs::path& of_process) {
  std::size_t limit = std::min(quota_v2(mount), quota_v1(mount / "cpu"));
  std::ifstream file(of_process);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string cgroup = line.substr(second + 1);
    if (controllers.empty()) limit = std::min(limit, least(mount, cgroup, quota_v2));
    if (names_cpu(controllers)) limit = std::min(limit, least(mount / "cpu", cgroup, quota_v1));
  }
  return limit;
}

std::size_t available_processors() {
  const std::size_t allowed = cgroup_processors("/sys/fs/cgroup", "/proc/self/cgroup");
  return std::max<std::size_t>(1, std::min(affinity(), allowed));
}

}  // namespace reranker::runtime
