#include <algorithm>

#include "tests/kernels/bf16_tables.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

float float_of(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

Words rms_norm_bf16(const CpuKernels& kernels, const std::vector<float>& x,
                    const std::vector<float>& weight, int num_threads = 1) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  Words y = unwritten_words(tokens, dim);
  run({y.data(), x.data(), weight.data(), tokens, dim, 1e-5f}, kernels.plan_rms_norm_bf16,
      kernels.rms_norm_bf16, num_threads);
  return y;
}

std::vector<float> rms_norm(const CpuKernels& kernels, std::vector<float> x,
                            const std::vector<float>& weight) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  run({x.data(), x.data(), weight.data(), tokens, dim, 1e-5f}, kernels.plan_rms_norm,
      kernels.rms_norm);
  return x;
}

}  // namespace

TEST_CASE("round_bf16 rounds to the nearest word, ties to the even one", "[round_bf16]") {
  const struct {
    std::uint32_t x;
    std::uint16_t y;
  } cases[] = {
      {0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f808001, 0x3f81}, {0x3f817fff, 0x3f81},
      {0x3f818000, 0x3f82}, {0xbf808000, 0xbf80}, {0xbf818000, 0xbf82}, {0x00000000, 0x0000},
      {0x80000000, 0x8000}, {0x3fffffff, 0x4000},                        // into the next exponent
      {0x00018000, 0x0002}, {0x80008001, 0x8001}, {0x007fffff, 0x0080},  // denormals
      {0x7f7f7fff, 0x7f7f}, {0x7f7f8000, 0x7f80}, {0xff7fffff, 0xff80},  // beyond the largest
      {0x7f800000, 0x7f80}, {0xff800000, 0xff80},                        // infinities
      {0x7f800001, 0x7fc0}, {0xff812345, 0xffc1}, {0x7fffffff, 0x7fff},  // NaN
  };
  std::vector<float> x;
  Words expected(32);
  for (const auto& c : cases) {
    expected[x.size()] = c.y;
    x.push_back(float_of(c.x));
  }
  for (const CpuKernels* kernels : all_bf16_tables())
    CHECK(round_bf16(*kernels, x, static_cast<std::int64_t>(x.size())) == expected);
}

TEST_CASE("round_bf16 keeps every word of bf16 that is no signalling NaN", "[round_bf16]") {
  std::vector<float> x(65536);
  Words expected(65536);
  for (std::uint32_t word = 0; word < 65536; ++word) {
    x[word] = float_of(word << 16);
    const bool nan = (word & 0x7f80u) == 0x7f80u && (word & 0x7fu) != 0;
    expected[word] = static_cast<std::uint16_t>(nan ? word | 0x40u : word);
  }
  for (const CpuKernels* kernels : all_bf16_tables())
    CHECK(same_words(round_bf16(*kernels, x, 65536), expected));
}

TEST_CASE("round_bf16 has the same bits on every instruction set, for any cut into tasks",
          "[round_bf16][isa]") {
  const std::int64_t dim = GENERATE(1, 15, 16, 19, 32, 33, 111, 257, 2048);
  const std::int64_t tokens = GENERATE(1, 19, 111);
  const auto x = random_floats(tokens * dim, 2, 30.0f);
  const auto weight = random_floats(dim, 3);
  const Words expected = round_bf16(generic_kernels(), x, dim, 3);
  const Words normed = rms_norm_bf16(generic_kernels(), x, weight, 3);
  for (const CpuKernels* kernels : fast_bf16_tables())
    for (const int num_threads : {1, 2, 7}) {
      CHECK(same_words(round_bf16(*kernels, x, dim, num_threads), expected));
      CHECK(same_words(rms_norm_bf16(*kernels, x, weight, num_threads), normed));
    }
}

TEST_CASE("round_bf16 writes zeros after a row and no row into another", "[round_bf16]") {
  const auto x = random_floats(40 * 111, 4);
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const Words together = round_bf16(*kernels, x, 111);
    const Words alone = round_bf16(*kernels, {x.begin() + 17 * 111, x.begin() + 18 * 111}, 111);
    REQUIRE(bf16_stride(111) == 128);
    CHECK(std::equal(alone.begin(), alone.end(), together.begin() + 17 * 128));
    CHECK(std::all_of(alone.begin() + 111, alone.end(), [](auto word) { return word == 0; }));
  }
}

TEST_CASE("rms_norm_bf16 has the bits of rms_norm and then round_bf16", "[round_bf16]") {
  const std::int64_t dim = GENERATE(1, 19, 257, 2048);
  const auto x = random_floats(19 * dim, 5, 50.0f);
  const auto weight = random_floats(dim, 6);
  for (const CpuKernels* kernels : all_bf16_tables())
    CHECK(same_words(rms_norm_bf16(*kernels, x, weight),
                     round_bf16(*kernels, rms_norm(*kernels, x, weight), dim)));
}

TEST_CASE("rms_norm_bf16 shows a NaN in all of its row and an infinity where it was",
          "[round_bf16]") {
  const std::vector<float> x{1, 2, NAN, 1, 3, 4, INFINITY, 1, 5, 6};
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const Words y = rms_norm_bf16(*kernels, x, {1, 1});
    REQUIRE(bf16_stride(2) == 32);
    CHECK((std::isfinite(from_bf16(y[0])) && std::isfinite(from_bf16(y[1]))));
    CHECK((std::isnan(from_bf16(y[32])) && std::isnan(from_bf16(y[33]))));
    CHECK((std::isfinite(from_bf16(y[64])) && std::isfinite(from_bf16(y[65]))));
    CHECK((std::isnan(from_bf16(y[96])) && y[97] == 0));  // infinity * 0, 1 * 0
    CHECK((std::isfinite(from_bf16(y[128])) && y[34] == 0));
  }
}

TEST_CASE("round_bf16 of no tokens does nothing", "[round_bf16]") {
  for (const CpuKernels* kernels : all_bf16_tables()) CHECK(round_bf16(*kernels, {}, 19).empty());
}
