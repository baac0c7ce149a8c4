#include "runtime/processors.hpp"

#include <sched.h>

#include <limits>
#include <thread>

#include "support/catch.hpp"
#include "support/files.hpp"

using reranker::runtime::available_processors;
using reranker::runtime::cgroup_processors;

TEST_CASE("a process has the processors that every cgroup above it leaves", "[processors]") {
  const TemporaryFolder folder;
  const auto mount = folder.path() / "mount";
  const auto self = folder.path() / "cgroup";
  folder.write("cgroup", "0::/slice/service\n");
  CHECK(cgroup_processors(mount, self) == std::numeric_limits<std::size_t>::max());

  folder.write("mount/slice/service/cpu.max", "max 100000\n");
  folder.write("mount/slice/cpu.max", "250000 100000\n");
  CHECK(cgroup_processors(mount, self) == 3);
  folder.write("mount/slice/service/cpu.max", "150000 100000\n");
  CHECK(cgroup_processors(mount, self) == 2);
  folder.write("mount/cpu.max", "50000 100000\n");
  CHECK(cgroup_processors(mount, self) == 1);
}

TEST_CASE("quotas of version 1 are found by their controller", "[processors]") {
  const TemporaryFolder folder;
  const auto mount = folder.path() / "mount";
  const auto self = folder.path() / "cgroup";
  folder.write("cgroup", "9:memory:/other\n7:cpu,cpuacct:/docker/abc\n");
  folder.write("mount/cpu/docker/abc/cpu.cfs_quota_us", "400000\n");
  folder.write("mount/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_processors(mount, self) == 4);
  folder.write("mount/cpu/docker/cpu.cfs_quota_us", "-1\n");
  folder.write("mount/cpu/docker/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_processors(mount, self) == 4);
}

TEST_CASE("a thread that is kept to one processor has one", "[processors]") {
  CHECK(available_processors() >= 1);
  std::size_t found = 0;
  std::thread([&] {
    cpu_set_t mask, one;
    sched_getaffinity(0, sizeof mask, &mask);
    int first = 0;
    while (!CPU_ISSET(first, &mask)) ++first;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    sched_setaffinity(0, sizeof one, &one);
    found = available_processors();
  }).join();
  CHECK(found == 1);
}
