#include "cuda_on_host/emulator_support.hpp"

// What the words of a warp do.

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr int kRowWords = 16;  // 16-bit numbers in a row of the tile that ldmatrix reads

// A row has two pieces of 16 bytes, exchanged in every other four rows if swizzled.
SharedAddress place(int row, int part, bool swizzled) {
  const int turn = swizzled ? row >> 2 & 1 : 0;
  return shared_memory() + static_cast<SharedAddress>((row * 2 + (part ^ turn)) * 16);
}

// Lane i brings and gives piece i / 16 of row i % 16.
void ldmatrix_kernel(Words4* to, const Words4* from, bool transposed, bool swizzled,
                     bool swizzled_back) {
  const int lane = thread_index();
  store_shared(place(lane % 16, lane / 16, swizzled),
               load_global(from + lane % 16 * 2 + lane / 16));
  sync_warp();
  const auto row = place(lane % 16, lane / 16, swizzled_back);
  store_global(to + lane, transposed ? ldmatrix_x4_transposed(row) : ldmatrix_x4(row));
}

std::vector<Words4> ldmatrix(const std::vector<std::uint16_t>& tile, bool transposed, bool swizzled,
                             bool swizzled_back) {
  std::vector<Words4> pieces(32);
  std::memcpy(pieces.data(), tile.data(), 512);
  const DeviceArray<Words4> from(pieces), to(32);
  REQUIRE(launch(ldmatrix_kernel, {1, 1, 32, 512}, nullptr, to.get(), from.get(), transposed,
                 swizzled, swizzled_back) == kSuccess);
  return to.read();
}

std::vector<std::uint16_t> numbered_tile() {
  std::vector<std::uint16_t> tile(16 * kRowWords);
  for (std::size_t i = 0; i < tile.size(); ++i) tile[i] = static_cast<std::uint16_t>(i);
  return tile;
}

}  // namespace

TEST_CASE("ldmatrix gives a lane two neighbours of row lane / 4 of each matrix", "[emulator]") {
  const auto tile = numbered_tile();
  const bool transposed = GENERATE(false, true);
  const auto words = ldmatrix(tile, transposed, true, true);
  for (int lane = 0; lane < 32; ++lane)
    for (int m = 0; m < 4; ++m) {  // rows 8 (m % 2), columns 8 (m / 2) and on
      const int major = lane / 4, minor = lane % 4 * 2;
      const auto number = [&](int i) {
        const int row = transposed ? minor + i : major, column = transposed ? major : minor + i;
        return static_cast<std::uint32_t>((m % 2 * 8 + row) * kRowWords + m / 2 * 8 + column);
      };
      CHECK(words[lane].w[m] == (number(0) | number(1) << 16));
    }
}

TEST_CASE("rows that share banks cost ldmatrix passes, and swizzled ones do not", "[emulator]") {
  const std::vector<std::uint16_t> tile(16 * kRowWords);
  ldmatrix(tile, false, true, true);
  CHECK(host::last_launch().ldmatrix_conflicts == 0);
  ldmatrix(tile, false, false, false);  // rows of 32 bytes: the fifth is where the first is
  CHECK(host::last_launch().ldmatrix_conflicts == 4);
}

TEST_CASE("a tile that is read with another swizzle gives other numbers", "[emulator]") {
  const auto right = ldmatrix(numbered_tile(), false, true, true);
  const auto wrong = ldmatrix(numbered_tile(), false, true, false);
  CHECK(std::memcmp(right.data(), wrong.data(), sizeof(Words4) * right.size()) != 0);
}

namespace {

/// (16, 8) = a (16, 16) b (16, 8), with fragments made by hand.
template <class Number>
void mma_kernel(float* d, const std::uint16_t* a, const std::uint16_t* b) {
  const int row = thread_index() / 4, column = thread_index() % 4 * 2;
  const auto pair = [](std::uint16_t low, std::uint16_t high) {
    return low | std::uint32_t{high} << 16;
  };
  const auto of_a = [&](int r, int k) {
    return pair(load_global(a + r * 16 + k), load_global(a + r * 16 + k + 1));
  };
  const auto of_b = [&](int k, int n) {
    return pair(load_global(b + k * 8 + n), load_global(b + (k + 1) * 8 + n));
  };
  const Words4 left{
      {of_a(row, column), of_a(row + 8, column), of_a(row, column + 8), of_a(row + 8, column + 8)}};
  float sums[4] = {1.0f, 1.0f, 1.0f, 1.0f};
  Number::mma(sums, left, of_b(column, row), of_b(column + 8, row));
  for (int i = 0; i < 4; ++i) store_global(d + (row + i / 2 * 8) * 8 + column + i % 2, sums[i]);
}

template <class Number>
double error_of_mma() {
  const auto a = random_words<Number>(256, 1), b = random_words<Number>(128, 2);
  const DeviceArray<std::uint16_t> left(a), right(b);
  const DeviceArray<float> d(128);
  REQUIRE(launch(mma_kernel<Number>, {1, 1, 32, 0}, nullptr, d.get(), left.get(), right.get()) ==
          kSuccess);
  const Numbers x = values_of<Number>(a), y = values_of<Number>(b);
  Numbers expected(128, 1.0);
  for (int m = 0; m < 16; ++m)
    for (int n = 0; n < 8; ++n)
      for (int k = 0; k < 16; ++k) expected[m * 8 + n] += x[m * 16 + k] * y[k * 8 + n];
  const auto found = d.read();
  return relative_error(Numbers(found.begin(), found.end()), expected);
}

}  // namespace

TEST_CASE("mma multiplies as loops do", "[emulator]") {
  CHECK(error_of_mma<Bf16>() < 1e-6);
  CHECK(error_of_mma<Fp16>() < 1e-6);
}

namespace {

void shuffle_kernel(float* to) {
  const int lane = thread_index();
  const auto value = static_cast<float>(lane);
  store_global(to + lane, shuffle_xor(value, 3));
  store_global(to + 32 + lane, any_of_warp(lane == 9) && !any_of_warp(lane == 32) ? 1.0f : 0.0f);
}

void uniform_kernel(bool uniform) {
  warp_uniform(uniform ? thread_index() / 32 : thread_index());
}

}  // namespace

TEST_CASE("lanes give each other what they hold", "[emulator]") {
  const DeviceArray<float> to(64);
  REQUIRE(launch(shuffle_kernel, {1, 1, 32, 0}, nullptr, to.get()) == kSuccess);
  const auto found = to.read();
  for (int lane = 0; lane < 32; ++lane) {
    CHECK(found[lane] == static_cast<float>(lane ^ 3));
    CHECK(found[32 + lane] == 1.0f);
  }
  CHECK(fault_of(uniform_kernel, {1, 1, 64, 0}, true).empty());
  CHECK(part_of(fault_of(uniform_kernel, {1, 1, 64, 0}, false), "differ") == "differ");
}

TEST_CASE("packed numbers are rounded to the nearest, ties to even", "[emulator]") {
  std::vector<double> numbers = random_numbers(20000, 3, 1000.0);
  for (const double x : random_numbers(20000, 4, 1e-6)) numbers.push_back(x);  // denormal in fp16
  for (const double x : random_numbers(20000, 5, 0.02)) numbers.push_back(x);  // and in e4m3
  for (const double x : {0.0, 1.00390625, 1.01171875, 17.0, 19.0, 2049.0, 2051.0, 448.0, 465.0,
                         0x1p-10, 0x3p-11, 0x1p-25, 65519.0})
    numbers.push_back(x);
  for (const double number : numbers) {
    const auto x = static_cast<float>(number);
    const Numbers one{x, -x};
    std::uint32_t word;
    std::memcpy(&word, store(one, Type::bf16).data(), 4);
    if (pack_bf16(x, -x) != word) FAIL_CHECK(x << " in bf16");
    std::memcpy(&word, store(one, Type::fp16).data(), 4);
    if (std::fabs(x) < 65520.0f && pack_fp16(x, -x) != word) FAIL_CHECK(x << " in fp16");
    std::memcpy(&word, store({x, -x, 0.0, 1.0}, Type::e4m3).data(), 4);
    if (pack_e4m3(x, -x, 0.0f, 1.0f) != word) FAIL_CHECK(x << " in e4m3");
  }
  CHECK(pack_fp16(65520.0f, -1e9f) == 0xfc007c00u);
  CHECK(pack_bf16(NAN, HUGE_VALF) == 0x7f807fffu);
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    const double expected = load(
        {static_cast<unsigned char>(bits), static_cast<unsigned char>(bits >> 8)}, Type::fp16)[0];
    if (!std::isnan(expected) && low_fp16(bits) != static_cast<float>(expected))
      FAIL_CHECK(bits << " as fp16");
    if (std::isnan(expected) != std::isnan(high_fp16(bits << 16))) FAIL_CHECK(bits << " as fp16");
  }
}
