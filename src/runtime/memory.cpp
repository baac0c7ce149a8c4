#include "runtime/memory.hpp"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/cgroup.hpp"

namespace reranker::runtime {
namespace {

namespace fs = std::filesystem;

std::optional<std::size_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  std::size_t number = 0;
  if (file >> number) return number;
  return {};
}

// The sum of those of a file's lines "key number" that have one of the keys.
std::optional<std::size_t> sum_of(const fs::path& path,
                                  std::initializer_list<std::string_view> keys) {
  std::ifstream file(path);
  std::optional<std::size_t> sum;
  std::string key, rest;
  for (std::size_t number = 0; file >> key >> number && std::getline(file, rest);)
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) sum = sum.value_or(0) + number;
  return sum;
}

// What a cgroup may have, less what it holds and could not give back.
std::size_t room(std::optional<std::size_t> limit, std::optional<std::size_t> used,
                 std::size_t cached) {
  if (!limit || !used) return kNoLimit;
  const std::size_t held = *used - std::min(*used, cached);
  return *limit - std::min(*limit, held);
}

// Where there is no limit memory.max holds "max".
std::size_t room_v2(const fs::path& folder) {
  const auto cached = sum_of(folder / "memory.stat", {"inactive_file", "active_file"});
  return room(number_in(folder / "memory.max"), number_in(folder / "memory.current"),
              cached.value_or(0));
}

// Where there is none, a number that no machine has.
std::size_t room_v1(const fs::path& folder) {
  const auto cached = sum_of(folder / "memory.stat", {"total_inactive_file", "total_active_file"});
  return room(number_in(folder / "memory.limit_in_bytes"),
              number_in(folder / "memory.usage_in_bytes"), cached.value_or(0));
}

std::size_t sum_of_kilobytes(std::initializer_list<std::string_view> keys, std::size_t otherwise) {
  const auto found = sum_of("/proc/meminfo", keys);
  return found ? *found * 1024 : otherwise;
}

}  // namespace

std::size_t cgroup_memory(const fs::path& mount, const fs::path& of_process) {
  return least_of_cgroups({"memory", room_v2, room_v1}, mount, of_process);
}

std::size_t available_memory() {
  const std::size_t least = std::min(sum_of_kilobytes({"MemAvailable:"}, kNoLimit),
                                     cgroup_memory(kCgroupMount, kOwnCgroup));
  const std::size_t swap = sum_of_kilobytes({"SwapFree:"}, 0);
  return least > kNoLimit - swap ? kNoLimit : least + swap;
}

}  // namespace reranker::runtime
