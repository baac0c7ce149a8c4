#include "runtime/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <memory>
#include <string>

#include "runtime/cgroup.hpp"

namespace reranker::runtime {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

std::size_t cgroup_processors(const fs::path& mount, const fs::path& of_process) {
  return least_of_cgroups({"cpu", quota_v2, quota_v1}, mount, of_process);
}

std::size_t available_processors() {
  const std::size_t allowed = cgroup_processors(kCgroupMount, kOwnCgroup);
  return std::max<std::size_t>(1, std::min(affinity(), allowed));
}

}  // namespace reranker::runtime
