#include "cuda_on_host/emulator_support.hpp"

// mbarriers, the copy engine and wgmma: what they do, and faults that must be caught.

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr SharedAddress kBarriers = 64 * 1024;  // after the tiles
constexpr Launch kOneWarpgroup{1, 1, 128, 64 * 1024 + 64};

SharedAddress barrier(int index) {
  return shared_memory() + kBarriers + static_cast<SharedAddress>(8 * index);
}

void start_barrier(int arrivals) {
  if (thread_index() == 0) {
    mbarrier_init(barrier(0), arrivals);
    fence_mbarrier_init();
  }
  sync_block();
}

enum class Fault {
  none,
  no_fence_of_init,
  no_wait,
  too_many_arrivals,
  too_many_bytes,
  overwrites,
  no_proxy_fence,
  no_wgmma_fence,
  no_wgmma_wait,
  writes_sums,
  writes_tile,
  no_swizzle,
  wrong_start
};

// Brings a box by one thread and writes it out as it lies in shared memory.
void tma_kernel(Words4* to, const TensorMap map, int num_rows, int x, int y, int z, Fault fault) {
  const int t = thread_index();
  if (t == 0) {
    mbarrier_init(barrier(0), 1);
    if (fault != Fault::no_fence_of_init) fence_mbarrier_init();
  }
  sync_block();
  if (t == 0) {
    const int bytes = num_rows * 128 + (fault == Fault::too_many_bytes ? 16 : 0);
    if (fault == Fault::overwrites) tma_load_3d(shared_memory(), map, barrier(0), x, y, z);
    tma_load_3d(shared_memory(), map, barrier(0), x, y, z);
    mbarrier_arrive_expect(barrier(0), static_cast<std::uint32_t>(bytes));
    if (fault == Fault::too_many_arrivals) mbarrier_arrive(barrier(0));
  }
  if (fault == Fault::no_wait)
    sync_block();
  else
    mbarrier_wait(barrier(0), 0);
  for (int i = t; i < num_rows * 8; i += 128)
    store_global(to + i, load_shared<Words4>(shared_memory() + static_cast<SharedAddress>(16 * i)));
}

/// (tokens, heads, 64) numbers, and a map of boxes of 2 heads and 3 tokens.
struct Tensor {
  static constexpr int kHeads = 3, kTokens = 5, kRows = 6;
  std::vector<std::uint16_t> words = random_words<Bf16>(kTokens * kHeads * 64, 7);
  DeviceArray<std::uint16_t> array{words};
  TensorMap map;

  Tensor() {
    REQUIRE(make_tensor_map(
                &map, {array.get(), {64, kHeads, kTokens}, {128, 128 * kHeads}, {64, 2, 3}}) ==
            kSuccess);
  }
  std::uint16_t at(int x, int head, int token) const {
    if (x >= 64 || head >= kHeads || token < 0 || token >= kTokens) return 0;
    return words[static_cast<std::size_t>((token * kHeads + head) * 64 + x)];
  }
};

std::string fault_of_tma(Fault fault) {
  const Tensor tensor;
  const DeviceArray<Words4> to(Tensor::kRows * 8);
  return fault_of(tma_kernel, kOneWarpgroup, to.get(), tensor.map, Tensor::kRows, 0, 0, 0, fault);
}

}  // namespace

TEST_CASE("a TMA copy swizzles its rows and brings zeros from outside the tensor", "[emulator]") {
  const Tensor tensor;
  const DeviceArray<Words4> to(Tensor::kRows * 8);
  const int x = 16, head = 2, token = GENERATE(-1, 0, 3);
  REQUIRE(fault_of(tma_kernel, kOneWarpgroup, to.get(), tensor.map, Tensor::kRows, x, head, token,
                   Fault::none)
              .empty());
  std::vector<std::uint16_t> words(Tensor::kRows * 64);
  std::memcpy(words.data(), to.read().data(), words.size() * 2);
  for (int row = 0; row < Tensor::kRows; ++row)  // heads, then tokens
    for (int i = 0; i < 64; ++i) {
      const int place = row * 64 + (i / 8 ^ row % 8) * 8 + i % 8;
      CHECK(words[place] == tensor.at(x + i, head + row % 2, token + row / 2));
    }
}

TEST_CASE("faults around a TMA copy are caught", "[emulator]") {
  const auto [fault, text] = GENERATE(table<Fault, std::string>({
      {Fault::no_fence_of_init, "without fence_mbarrier_init"},
      {Fault::no_wait, "reads shared memory"},  // before it is written or without its barrier
      {Fault::too_many_arrivals, "has all its 1 arrivals"},
      {Fault::too_many_bytes, "from thread 0 on: an mbarrier"},
      {Fault::overwrites, "a TMA copy that nobody has waited for writes"},
  }));
  CHECK(part_of(fault_of_tma(fault), text) == text);
}

namespace {

void pass_on_kernel(float* to, bool with_arrival) {
  const int t = thread_index();
  start_barrier(32);
  if (t < 32) {
    store_shared(shared_memory() + static_cast<SharedAddress>(4 * t), static_cast<float>(t));
    if (with_arrival || t != 9) mbarrier_arrive(barrier(0));
    if (!with_arrival && t == 0) mbarrier_arrive(barrier(0));
  }
  mbarrier_wait(barrier(0), 0);
  store_global(to + t,
               load_shared<float>(shared_memory() + static_cast<SharedAddress>(4 * (t % 32))));
}

void touch_kernel() {
  start_barrier(1);
  store_shared(barrier(0), 1.0f);
}

void unknown_kernel() {
  mbarrier_arrive(barrier(1));
}

}  // namespace

TEST_CASE("an mbarrier orders those who wait after those who arrived", "[emulator]") {
  const DeviceArray<float> to(128);
  CHECK(fault_of(pass_on_kernel, kOneWarpgroup, to.get(), true).empty());
  CHECK(to.read()[70] == 6.0f);
  const auto fault = fault_of(pass_on_kernel, kOneWarpgroup, to.get(), false);
  CHECK(part_of(fault, "thread 9 wrote without a barrier") == "thread 9 wrote without a barrier");
}

TEST_CASE("an mbarrier is touched by its own words alone", "[emulator]") {
  CHECK(part_of(fault_of(touch_kernel, kOneWarpgroup), "an mbarrier occupies") ==
        "an mbarrier occupies");
  CHECK(part_of(fault_of(unknown_kernel, kOneWarpgroup), "nobody has made") == "nobody has made");
}

namespace {

constexpr SharedAddress kTileB = 16 * 1024;

// Puts 16-byte pieces of `rows` rows of 64 numbers in their swizzled places.
void store_tile(SharedAddress tile, const Words4* from, int num_rows) {
  for (int i = thread_index(); i < num_rows * 8; i += 128) {
    const int row = i / 8;
    store_shared(tile + static_cast<SharedAddress>(row * 128 + (i % 8 ^ row % 8) * 16),
                 load_global(from + i));
  }
}

Words4 fragment(const std::uint16_t* a, int k) {
  const int t = thread_index();
  const int row = t / 32 * 16 + t % 32 / 4, column = k + t % 4 * 2;
  Words4 words;
  for (int i = 0; i < 4; ++i) {
    const auto* from = a + (row + i % 2 * 8) * 64 + column + i / 2 * 8;
    words.w[i] = load_global(from) | std::uint32_t{load_global(from + 1)} << 16;
  }
  return words;
}

/// d (64, N) = a (64, 64) b (64, N). b is stored (N, 64) if k-major, else (N / 64, 64, 64): columns
/// of 64 apart, a row for each k.
template <class Number, int N, Major kMajorB, bool kRegisters>
void wgmma_kernel(float* to, const std::uint16_t* a, const std::uint16_t* b, Fault fault) {
  const SharedAddress tile_a = shared_memory() + (fault == Fault::wrong_start ? 128 : 0);
  const SharedAddress tile_b = shared_memory() + kTileB;
  store_tile(tile_a, reinterpret_cast<const Words4*>(a), 64);
  store_tile(tile_b, reinterpret_cast<const Words4*>(b), N);
  if (fault != Fault::no_proxy_fence) fence_proxy_async();
  sync_block();

  std::uint64_t left = swizzled_descriptor(tile_a, 0, 1024);
  if (fault == Fault::no_swizzle) left &= ~(std::uint64_t{3} << 62);
  const std::uint64_t right = swizzled_descriptor(tile_b, 64 * 128, 1024);
  float d[N / 2];
  for (float& sum : d) sum = 1e30f;  // not to be counted
  if (fault != Fault::no_wgmma_fence) wgmma_fence();
  for (int step = 0; step < 4; ++step) {
    const int along = kMajorB == Major::k ? 2 * step : 16 * 128 / 16 * step;  // of 16 bytes
    const std::uint64_t of_b = right + static_cast<std::uint64_t>(along);
    if constexpr (kRegisters)
      wgmma_registers<Number, N, kMajorB>(d, fragment(a, 16 * step), of_b, step > 0);
    else
      wgmma_shared<Number, N, kMajorB>(d, left + static_cast<std::uint64_t>(2 * step), of_b,
                                       step > 0);
  }
  wgmma_commit();
  if (fault == Fault::writes_sums) d[3] = 0.0f;
  if (fault == Fault::writes_tile) {
    sync_block();
    store_tile(tile_b, reinterpret_cast<const Words4*>(b), 1);
  }
  if (fault != Fault::no_wgmma_wait) wgmma_wait<0>(d);
  const int row = thread_index() / 32 * 16 + thread_index() % 32 / 4;
  for (int i = 0; i < N / 2; ++i)
    store_global(to + (row + i / 2 % 2 * 8) * N + i / 4 * 8 + thread_index() % 4 * 2 + i % 2, d[i]);
}

template <class Number, int N, Major kMajorB, bool kRegisters>
double error_of_wgmma() {
  const auto a = random_words<Number>(64 * 64, 1), b = random_words<Number>(N * 64, 2);
  const DeviceArray<std::uint16_t> left(a), right(b);
  const DeviceArray<float> to(64 * N);
  const auto fault = fault_of(wgmma_kernel<Number, N, kMajorB, kRegisters>, kOneWarpgroup, to.get(),
                              left.get(), right.get(), Fault::none);
  INFO(fault);
  REQUIRE(fault.empty());
  const Numbers x = values_of<Number>(a), y = values_of<Number>(b);
  Numbers expected(64 * N);
  for (int m = 0; m < 64; ++m)
    for (int n = 0; n < N; ++n)
      for (int k = 0; k < 64; ++k)
        expected[m * N + n] +=
            x[m * 64 + k] *
            (kMajorB == Major::k ? y[n * 64 + k] : y[(n / 64 * 64 + k) * 64 + n % 64]);
  const auto found = to.read();
  return relative_error(Numbers(found.begin(), found.end()), expected);
}

template <int N>
void check_wgmma() {
  CHECK(error_of_wgmma<Bf16, N, Major::k, false>() < 1e-6);
  CHECK(error_of_wgmma<Bf16, N, Major::k, true>() < 1e-6);
  if (N % 64 != 0) return;
  constexpr int kWhole = N / 64 * 64;
  CHECK(error_of_wgmma<Fp16, kWhole, Major::mn, false>() < 1e-6);
  CHECK(error_of_wgmma<Fp16, kWhole, Major::mn, true>() < 1e-6);
}

std::string fault_of_wgmma(Fault fault) {
  const DeviceArray<std::uint16_t> left(random_words<Bf16>(4096, 1)),
      right(random_words<Bf16>(4096, 2));
  const DeviceArray<float> to(4096);
  return fault_of(wgmma_kernel<Bf16, 64, Major::k, false>, kOneWarpgroup, to.get(), left.get(),
                  right.get(), fault);
}

}  // namespace

TEST_CASE("wgmma multiplies as loops do, in every shape and major", "[emulator]") {
  check_wgmma<64>();
  check_wgmma<128>();
  check_wgmma<176>();
  check_wgmma<192>();
  check_wgmma<256>();
}

TEST_CASE("faults around a wgmma are caught", "[emulator]") {
  const auto [fault, text] = GENERATE(table<Fault, std::string>({
      {Fault::no_proxy_fence, "without fence_proxy_async"},
      {Fault::no_wgmma_fence, "without wgmma_fence"},
      {Fault::no_wgmma_wait, "wgmma that nobody has waited for"},
      {Fault::writes_sums, "finds sums of a wgmma under way written"},
      {Fault::writes_tile, "a wgmma that nobody has waited for reads"},
      {Fault::no_swizzle, "without 128-byte swizzle"},
      {Fault::wrong_start, "does not start its swizzle there"},
  }));
  CHECK(part_of(fault_of_wgmma(fault), text) == text);
}

namespace {

template <int kOfFirst, int kOfSecond>
void registers_kernel() {
  if (thread_index() < 128)
    give_registers<kOfFirst>();
  else
    take_registers<kOfSecond>();
}

}  // namespace

TEST_CASE("registers beyond those of a multiprocessor are caught", "[emulator]") {
  CHECK(fault_of(registers_kernel<24, 240>, {1, 1, 256, 0}).empty());
  CHECK(part_of(fault_of(registers_kernel<264, 240>, {1, 1, 256, 0}), "asks for 264") ==
        "asks for 264");
}

TEST_CASE("the words of sm_90 are refused by devices before it", "[emulator]") {
  const SettingsScope scope;
  host::settings().capability = 89;
  CHECK(part_of(fault_of(touch_kernel, kOneWarpgroup), "before sm_90") == "before sm_90");
  CHECK(part_of(fault_of(registers_kernel<24, 240>, {1, 1, 256, 0}), "not sm_90") == "not sm_90");
  TensorMap map;
  CHECK(make_tensor_map(&map, {nullptr, {64, 1, 1}, {128, 128}, {64, 1, 1}}) != kSuccess);
}
