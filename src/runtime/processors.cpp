#include "runtime/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

namespace reranker::runtime {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

std::size_t affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::size_t>(CPU_COUNT(&set));
}

std::size_t quota(double microseconds, double period) {
  if (!(microseconds > 0.0) || !(period > 0.0)) return kNoLimit;
  return static_cast<std::size_t>(std::ceil(microseconds / period));
}

// cgroup v2: cpu.max holds "quota period", or "max period" where there is none.
std::size_t quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string microseconds;
  double period = 0;
  if (!(file >> microseconds >> period) || microseconds == "max") return kNoLimit;
  return quota(std::strtod(microseconds.c_str(), nullptr), period);
}

// cgroup v1: two files, quota -1 where there is none.
std::size_t quota_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double microseconds = 0;
  double period = 0;
  if (!(quota_file >> microseconds) || !(period_file >> period)) return kNoLimit;
  return quota(microseconds, period);
}

// The process's own cgroup as /proc/self/cgroup names it ("0::/path"), and the root of the mount,
// which is the container's own where a container has a cgroup namespace.
std::size_t cgroup_quota() {
  std::size_t limit = std::min(quota_v2("/sys/fs/cgroup"), quota_v1("/sys/fs/cgroup/cpu"));
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("0::", 0) == 0)
      limit = std::min(limit, quota_v2("/sys/fs/cgroup" + line.substr(3)));
  return limit;
}

}  // namespace

std::size_t available_processors() {
  return std::max<std::size_t>(1, std::min(affinity(), cgroup_quota()));
}

}  // namespace reranker::runtime
