#include "runtime/memory.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/files.hpp"

using reranker::runtime::available_memory;
using reranker::runtime::cgroup_memory;

static constexpr auto kNone = std::numeric_limits<std::size_t>::max();

TEST_CASE("a process has the memory that every cgroup above it leaves", "[memory]") {
  const TemporaryFolder folder;
  const auto mount = folder.path() / "mount";
  const auto self = folder.path() / "cgroup";
  folder.write("cgroup", "0::/slice/service\n");
  CHECK(cgroup_memory(mount, self) == kNone);

  folder.write("mount/slice/service/memory.max", "max\n");
  folder.write("mount/slice/service/memory.current", "700\n");
  CHECK(cgroup_memory(mount, self) == kNone);
  folder.write("mount/slice/memory.max", "1000\n");
  folder.write("mount/slice/memory.current", "900\n");
  CHECK(cgroup_memory(mount, self) == 100);
  // Files in the page cache give way.
  folder.write("mount/slice/memory.stat", "anon 600\ninactive_file 200\nactive_file 50\nsock 7\n");
  CHECK(cgroup_memory(mount, self) == 350);
  folder.write("mount/slice/service/memory.max", "650\n");
  CHECK(cgroup_memory(mount, self) == 0);
}

TEST_CASE("memory's limits of version 1 are found by their controller", "[memory]") {
  const TemporaryFolder folder;
  const auto mount = folder.path() / "mount";
  const auto self = folder.path() / "cgroup";
  folder.write("cgroup", "9:memory:/docker/abc\n7:cpu,cpuacct:/other\n");
  folder.write("mount/memory/docker/abc/memory.limit_in_bytes", "1000\n");
  folder.write("mount/memory/docker/abc/memory.usage_in_bytes", "800\n");
  folder.write("mount/memory/docker/abc/memory.stat", "cache 9\ntotal_inactive_file 100\n");
  CHECK(cgroup_memory(mount, self) == 300);
}

TEST_CASE("this process has some memory, and less than there is none of", "[memory]") {
  CHECK(available_memory() > 0);
  CHECK(available_memory() < kNone);
}
