#include "cuda_on_host/emulator.hpp"

#include <numeric>

#include "cuda_on_host/emulator_support.hpp"

// Faults that kernels are planted with, each of which the host has to catch in whatever order
// threads run.

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr Launch kOneBlock{1, 1, 128, 4096};

std::vector<float> iota(int count) {
  std::vector<float> x(static_cast<std::size_t>(count));
  std::iota(x.begin(), x.end(), 0.0f);
  return x;
}

SharedAddress word(int index) {
  return shared_memory() + static_cast<SharedAddress>(4 * index);
}
SharedAddress piece(int index) {
  return shared_memory() + static_cast<SharedAddress>(16 * index);
}

void reverse_kernel(float* x, bool with_barrier) {
  const int t = thread_index();
  store_shared(word(t), load_global(x + t));
  if (with_barrier) sync_block();
  store_global(x + t, load_shared<float>(word(127 - t)));
}

void reverse_warp_kernel(float* x, bool with_barrier) {
  const int t = thread_index();
  store_shared(word(t), load_global(x + t));
  if (with_barrier) sync_warp();
  store_global(x + t, load_shared<float>(word(t ^ 31)));
}

}  // namespace

TEST_CASE("a missing barrier is caught in any order of threads", "[emulator]") {
  const SettingsScope scope;
  host::settings().seed = GENERATE(1, 2, 3, 4, 5);
  const auto x = iota(128);
  const DeviceArray<float> array(x);
  CHECK(fault_of(reverse_kernel, kOneBlock, array.get(), true).empty());
  CHECK(array.read() == std::vector<float>(x.rbegin(), x.rend()));
  const auto fault = fault_of(reverse_kernel, kOneBlock, array.get(), false);
  CHECK(part_of(fault, "without a barrier in between") == "without a barrier in between");
}

TEST_CASE("lanes are ordered by sync_warp and by nothing less", "[emulator]") {
  const DeviceArray<float> array(iota(128));
  CHECK(fault_of(reverse_warp_kernel, kOneBlock, array.get(), true).empty());
  CHECK(array.read()[33] == 62.0f);
  const auto fault = fault_of(reverse_warp_kernel, kOneBlock, array.get(), false);
  CHECK(part_of(fault, "without a barrier in between") == "without a barrier in between");
}

namespace {

void copy_kernel(float* to, const float* from, int first) {
  store_global(to + thread_index(), load_global(from + first + thread_index()));
}

void read_16_bytes_kernel(float* to, const float* from) {
  const auto four = load_global(reinterpret_cast<const Words4*>(from + 1));
  store_global(reinterpret_cast<Words4*>(to), four);
}

}  // namespace

TEST_CASE("a row too far is caught", "[emulator]") {
  const DeviceArray<float> from(iota(256)), to(128);
  CHECK(fault_of(copy_kernel, kOneBlock, to.get(), from.get(), 128).empty());
  const std::string text = "not all of which are allocated device memory";
  CHECK(part_of(fault_of(copy_kernel, kOneBlock, to.get(), from.get(), 260), text) == text);
  CHECK(part_of(fault_of(copy_kernel, kOneBlock, to.get(), from.get(), -1), text) == text);
  const std::vector<float> of_host(128);
  CHECK(part_of(fault_of(copy_kernel, kOneBlock, to.get(), of_host.data(), 0), text) == text);
}

TEST_CASE("device memory is caught that nobody wrote or that is given back", "[emulator]") {
  const DeviceArray<float> to(128);
  void* memory = nullptr;
  REQUIRE(allocate(&memory, 512) == kSuccess);
  const auto* from = static_cast<const float*>(memory);
  CHECK(part_of(fault_of(copy_kernel, kOneBlock, to.get(), from, 0), "nobody has written") ==
        "nobody has written");
  release(memory);
  CHECK(part_of(fault_of(copy_kernel, kOneBlock, to.get(), from, 0), "allocated device memory") ==
        "allocated device memory");
}

TEST_CASE("an access that is not aligned is caught", "[emulator]") {
  const DeviceArray<float> from(iota(256)), to(128);
  const std::string text = "not aligned";
  CHECK(part_of(fault_of(read_16_bytes_kernel, kOneBlock, to.get(), from.get()), text) == text);
}

TEST_CASE("two blocks that write one word are caught", "[emulator]") {
  const DeviceArray<float> from(iota(128)), to(128);
  CHECK(part_of(fault_of(copy_kernel, {2, 1, 128, 0}, to.get(), from.get(), 0), "another block") ==
        "another block");
}

namespace {

void store_shared_kernel(int bytes) {
  store_shared(shared_memory() + static_cast<SharedAddress>(bytes), 1.0f);
}

}  // namespace

TEST_CASE("shared memory beyond the block's is caught", "[emulator]") {
  const std::string text = "of which the block has 4096";
  CHECK(part_of(fault_of(store_shared_kernel, {1, 1, 32, 4096}, 4096), text) == text);
  CHECK(part_of(fault_of(store_shared_kernel, {1, 1, 32, 4096}, -4), text) == text);
  CHECK(part_of(fault_of(store_shared_kernel, {1, 1, 32, 4096}, 2), "aligned") == "aligned");
}

namespace {

enum class Early { no, own, of_others };

void copy_async_kernel(float* to, const float* from, Early early) {
  const int t = thread_index();
  cp_async(piece(t), from + 4 * t, t != 5);
  cp_async_commit();
  if (early == Early::own) store_global(to + t, load_shared<float>(word(4 * t)));
  cp_async_wait<0>();
  if (early != Early::of_others) sync_block();
  store_global(to + t, load_shared<float>(word(4 * (t ^ 1))));
}

// Two stages; the first is filled again while some threads may not have read it.
void ring_kernel(float* to, const float* from, bool with_barrier) {
  const int t = thread_index();
  float sum = 0;
  for (int step = 0; step < 4; ++step) {
    cp_async(piece(t), from + 512 * step + 4 * t);
    cp_async_commit();
    cp_async_wait<0>();
    sync_block();
    sum += load_shared<float>(word(4 * (127 - t)));
    if (with_barrier) sync_block();
  }
  store_global(to + t, sum);
}

void unwaited_kernel(const float* from) {
  cp_async(piece(thread_index()), from + 4 * thread_index());
  cp_async_commit();
}

}  // namespace

TEST_CASE("an early read of a copy is caught", "[emulator]") {
  const DeviceArray<float> from(iota(512)), to(128);
  CHECK(fault_of(copy_async_kernel, kOneBlock, to.get(), from.get(), Early::no).empty());
  CHECK(to.read()[0] == 4.0f);
  CHECK(to.read()[4] == 0.0f);  // the copy that was not valid
  CHECK(part_of(fault_of(copy_async_kernel, kOneBlock, to.get(), from.get(), Early::own),
                "cp.async that nobody has waited for") == "cp.async that nobody has waited for");
  CHECK(part_of(fault_of(copy_async_kernel, kOneBlock, to.get(), from.get(), Early::of_others),
                "without a barrier") == "without a barrier");
  CHECK(part_of(fault_of(unwaited_kernel, kOneBlock, from.get()), "under way") == "under way");
}

TEST_CASE("a stage that is filled while others read it is caught", "[emulator]") {
  const DeviceArray<float> from(iota(2048)), to(128);
  CHECK(fault_of(ring_kernel, kOneBlock, to.get(), from.get(), true).empty());
  CHECK(part_of(fault_of(ring_kernel, kOneBlock, to.get(), from.get(), false),
                "without a barrier") == "without a barrier");
}

namespace {

void branch_kernel(float* to) {
  const float value = thread_index() % 32 < 16 ? shuffle_xor(1.0f, 1) : 0.0f;
  store_global(to + thread_index(), value);
}

void other_branch_kernel(float* to) {
  float value = 0.0f;
  if (thread_index() % 2 == 0)
    value = shuffle_xor(1.0f, 1);
  else
    sync_warp();
  store_global(to + thread_index(), value);
}

void lonely_kernel() {
  if (thread_index() < 32) sync_named(3, 64);
}

void half_warp_kernel() {
  if (thread_index() % 32 < 16) sync_named(1, 64);
}

void quarrel_kernel() {
  sync_named(1, thread_index() < 64 ? 128 : 64);
}

// Warp 0 fills, the others wait for it.
void named_kernel(float* to, bool with_arrival) {
  const int t = thread_index();
  if (t < 32) {
    store_shared(word(t), static_cast<float>(t));
    if (with_arrival) arrive_named(2, 128);
    return;
  }
  sync_named(2, with_arrival ? 128 : 96);
  store_global(to + t, load_shared<float>(word(t % 32)));
}

}  // namespace

TEST_CASE("lanes that part before a collective are caught", "[emulator]") {
  const DeviceArray<float> to(128);
  CHECK(part_of(fault_of(branch_kernel, kOneBlock, to.get()), "hangs") == "hangs");
  CHECK(part_of(fault_of(other_branch_kernel, kOneBlock, to.get()), "lanes of its warp wait") ==
        "lanes of its warp wait");
}

TEST_CASE("barriers that nobody comes to, or not all alike, are caught", "[emulator]") {
  CHECK(part_of(fault_of(lonely_kernel, kOneBlock),
                "from thread 0 on: barrier 3; from thread 32 "
                "on: the end;") == "from thread 0 on: barrier 3; from thread 32 on: the end;");
  CHECK(part_of(fault_of(half_warp_kernel, kOneBlock), "half a warp") == "half a warp");
  CHECK(part_of(fault_of(quarrel_kernel, kOneBlock), "of 128 threads") == "of 128 threads");
}

TEST_CASE("a named barrier orders those who came to it", "[emulator]") {
  const DeviceArray<float> to(128);
  CHECK(fault_of(named_kernel, kOneBlock, to.get(), true).empty());
  CHECK(to.read()[100] == 4.0f);
  CHECK(part_of(fault_of(named_kernel, kOneBlock, to.get(), false), "without a barrier") ==
        "without a barrier");
}

namespace {

std::vector<int> order;

void note_kernel() {
  order.push_back(thread_index());
  sync_block();
  order.push_back(thread_index());
}

std::vector<int> order_of(std::uint64_t seed) {
  host::settings().seed = seed;
  order.clear();
  REQUIRE(launch(note_kernel, kOneBlock, nullptr) == kSuccess);
  return order;
}

}  // namespace

TEST_CASE("lanes and warps run in an order that the seed draws", "[emulator]") {
  const SettingsScope scope;
  const auto first = order_of(1);
  CHECK(first == order_of(1));
  CHECK(first != order_of(2));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.begin() + 128);
  CHECK(std::is_sorted(sorted.begin(), sorted.begin() + 128));
  int changes_of_warp = 0;
  for (std::size_t i = 1; i < 128; ++i) changes_of_warp += first[i] / 32 != first[i - 1] / 32;
  CHECK(changes_of_warp > 3);
}

namespace {

void stride_kernel(int stride) {
  store_shared(word(thread_index() * stride), 1.0f);
}

void stride_16_kernel(int stride) {
  store_shared(piece(thread_index() % 8 * stride + thread_index() / 8), Words4{});
}

int conflicts_of(void (*kernel)(int), int stride) {
  REQUIRE(launch(kernel, {1, 1, 32, 32 * 1024}, nullptr, stride) == kSuccess);
  return static_cast<int>(host::last_launch().shared_conflicts);
}

}  // namespace

TEST_CASE("bank conflicts are the passes beyond the fewest", "[emulator]") {
  CHECK(conflicts_of(stride_kernel, 1) == 0);
  CHECK(conflicts_of(stride_kernel, 2) == 1);
  CHECK(conflicts_of(stride_kernel, 32) == 31);
  CHECK(conflicts_of(stride_kernel, 33) == 0);
  CHECK(conflicts_of(stride_16_kernel, 9) == 0);  // four passes of eight lanes
  CHECK(conflicts_of(stride_16_kernel, 8) == 4 * 7);
}
