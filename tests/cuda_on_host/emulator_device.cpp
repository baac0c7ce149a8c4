#include <thread>

#include "cuda_on_host/emulator_support.hpp"

// The pretended devices, their streams and graphs.

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

void add_kernel(float* x, float y) {
  store_global(x + thread_index(), load_global(x + thread_index()) + y);
}

void nothing_kernel() {}

}  // namespace

TEST_CASE("a graph runs what was queued while it was recorded, each time anew", "[emulator]") {
  const DeviceArray<float> x(std::vector<float>(32, 1.0f));
  Stream stream = nullptr;
  REQUIRE(make_stream(&stream) == kSuccess);
  std::vector<float> staged(32, 5.0f), result(32);
  Graph graph;
  REQUIRE(Graph::begin(stream) == kSuccess);
  CHECK(copy_to_device(x.get(), staged.data(), 128, stream) == kSuccess);
  CHECK(launch(add_kernel, {1, 1, 32, 0}, stream, x.get(), 2.0f) == kSuccess);
  CHECK(copy_to_host(result.data(), x.get(), 128, stream) == kSuccess);
  void* memory = nullptr;
  CHECK(allocate(&memory, 16) != kSuccess);
  CHECK(synchronize(stream) != kSuccess);
  REQUIRE(graph.end(stream) == kSuccess);
  CHECK(result[0] == 0.0f);
  CHECK(graph.launch(stream) == kSuccess);
  CHECK(result[0] == 7.0f);
  staged[0] = 10.0f;
  CHECK(graph.launch(stream) == kSuccess);
  CHECK(result[0] == 12.0f);
  destroy(stream);
}

TEST_CASE("work that is late is done when somebody waits for it", "[emulator]") {
  const SettingsScope scope;
  host::settings().late = true;
  const DeviceArray<float> x(std::vector<float>(32, 1.0f));
  Stream stream = nullptr;
  REQUIRE(make_stream(&stream) == kSuccess);
  std::vector<float> staged(32, 5.0f), result(32);
  CHECK(copy_to_device(x.get(), staged.data(), 128, stream) == kSuccess);
  CHECK(launch(add_kernel, {1, 1, 32, 0}, stream, x.get(), 2.0f) == kSuccess);
  CHECK(copy_to_host(result.data(), x.get(), 128, stream) == kSuccess);
  staged[0] = 10.0f;  // too early
  CHECK(result[0] == 0.0f);
  CHECK(synchronize(stream) == kSuccess);
  CHECK(result[0] == 12.0f);
  CHECK(launch(add_kernel, {1, 1, 32, 0}, stream, x.get(), 1.0f) == kSuccess);
  CHECK(x.read()[1] == 8.0f);  // the default stream comes after all others
  destroy(stream);
}

TEST_CASE("a device refuses blocks that are too large for it", "[emulator]") {
  const SettingsScope scope;
  const auto [capability, kibibytes] =
      GENERATE(table<int, int>({{80, 163}, {86, 99}, {89, 99}, {90, 227}}));
  host::settings().capability = capability;
  CHECK(launch(nothing_kernel, {1, 1, 32, kibibytes * 1024}, nullptr) == kSuccess);
  CHECK(launch(nothing_kernel, {1, 1, 32, kibibytes * 1024 + 1}, nullptr) != kSuccess);
  CHECK(launch(nothing_kernel, {1, 1, 1056, 0}, nullptr) != kSuccess);
  CHECK(launch(nothing_kernel, {1, 65536, 32, 0}, nullptr) != kSuccess);
}

TEST_CASE("device memory ends, and what is given back can be had again", "[emulator]") {
  const SettingsScope scope;
  const std::size_t before = host::allocated_bytes();
  host::settings().memory_bytes = before + 1000;
  void* memory = nullptr;
  CHECK(allocate(&memory, 1001) != kSuccess);
  REQUIRE(allocate(&memory, 1000) == kSuccess);
  std::size_t free = 1;
  CHECK(free_memory(&free) == kSuccess);
  CHECK(free == 0);
  release(memory);
  CHECK(host::allocated_bytes() == before);
  CHECK_THROWS_AS(release(memory), host::Violation);
}

TEST_CASE("a stream belongs to its device, and a thread has a device of its own", "[emulator]") {
  const SettingsScope scope;
  host::settings().num_devices = 2;
  Stream stream = nullptr;
  REQUIRE(use_device(1) == kSuccess);
  REQUIRE(make_stream(&stream) == kSuccess);
  CHECK(launch(nothing_kernel, {1, 1, 32, 0}, stream) == kSuccess);
  std::thread([&] { CHECK(synchronize(stream) != kSuccess); }).join();
  CHECK(use_device(2) != kSuccess);
  REQUIRE(use_device(0) == kSuccess);
  CHECK(launch(nothing_kernel, {1, 1, 32, 0}, stream) != kSuccess);
  destroy(stream);
}
