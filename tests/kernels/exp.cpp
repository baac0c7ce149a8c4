#include <limits>

#include "kernels/exp.hpp"
#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

std::vector<float> exp_of(const CpuKernels& kernels, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  kernels.exp(y.data(), x.data(), static_cast<std::int64_t>(x.size()));
  return y;
}

/// Every 257th float of either sign, and all within 1000 of where something changes.
std::vector<float> interesting_floats() {
  std::vector<float> x;
  const auto add = [&](std::uint32_t bits) {
    float v;
    std::memcpy(&v, &bits, sizeof v);
    if (!std::isnan(v)) x.push_back(v);
  };
  for (std::uint64_t bits = 0; bits <= 0xffffffffu; bits += 257 * 64)
    add(static_cast<std::uint32_t>(bits));
  for (float around : {0.0f, 0.34657359f, 1.0f, 87.3365402f, 88.3762626f, 88.7228317f, 104.0f}) {
    std::uint32_t bits;
    std::memcpy(&bits, &around, sizeof bits);
    for (std::uint32_t i = 0; i < 2000; ++i) {
      add(bits + i - (bits < 1000 ? 0 : 1000));
      add((bits + i - (bits < 1000 ? 0 : 1000)) | 0x80000000u);
    }
  }
  for (std::uint32_t bits = 0x3b000000u; bits < 0x42c00000u; bits += 257) {  // 0.002 to 96
    add(bits);
    add(bits | 0x80000000u);
  }
  return x;
}

}  // namespace

TEST_CASE("exp is within one unit of the last place of every normal result", "[exp]") {
  const auto x = interesting_floats();
  const auto y = exp_of(generic_kernels(), x);
  double worst = 0;
  float at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < kExpMin || x[i] > kExpMax) continue;
    const double off = ulps(y[i], std::exp(static_cast<double>(x[i])));
    if (off > worst) at = x[i];
    worst = larger_error(worst, off);
  }
  INFO("worst at " << at << " of " << x.size());
  CHECK(worst <= 1.0);
}

TEST_CASE("exp2 of what is not positive is within one unit of the last place", "[exp]") {
  std::vector<float> x;
  for (const float v : interesting_floats())
    if (v <= 0) x.push_back(v);
  std::vector<float> y(x.size());
  generic_kernels().exp2(y.data(), x.data(), static_cast<std::int64_t>(x.size()));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] >= kExp2Min)
      worst = larger_error(worst, ulps(y[i], std::exp2(static_cast<double>(x[i]))));
    else
      worst = std::max(worst, y[i] == 0 ? 0.0 : 1e9);
  CHECK(worst <= 1.0);
  for (const CpuKernels* kernels : other_tables()) {
    std::vector<float> other(x.size());
    kernels->exp2(other.data(), x.data(), static_cast<std::int64_t>(x.size()));
    CHECK(same_bits(other, y));
  }
}

TEST_CASE("exp2 is exactly one at zero, zero far below and NaN of NaN", "[exp]") {
  for (const CpuKernels* kernels : all_tables()) {
    const std::vector<float> x{0.0f, -0.0f, -1.0f, -126.0f, -126.01f, -1e30f, -INFINITY, NAN};
    std::vector<float> y(x.size());
    kernels->exp2(y.data(), x.data(), 8);
    CHECK(std::isnan(y.back()));
    y.pop_back();
    CHECK(y == std::vector<float>{1, 1, 0.5f, 0x1p-126f, 0, 0, 0});
  }
}

TEST_CASE("exp is exactly zero, one or infinite where it should be", "[exp]") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x{-inf,  -1e30f, -1000.0f, -104.0f, -87.34f, 0.0f,
                             -0.0f, 1e-40f, 89.0f,    1e30f,   inf};
  const std::vector<float> y{0, 0, 0, 0, 0, 1, 1, 1, inf, inf, inf};
  for (const CpuKernels* kernels : all_tables()) CHECK(exp_of(*kernels, x) == y);
}

TEST_CASE("exp keeps NaN whatever its payload", "[exp]") {
  for (const CpuKernels* kernels : all_tables())
    for (const std::uint32_t bits :
         {0x7fc00000u, 0xffc00000u, 0x7fc001ffu, 0xffffffffu, 0x7f800001u}) {
      float nan;
      std::memcpy(&nan, &bits, sizeof nan);
      CHECK(std::isnan(exp_of(*kernels, {nan})[0]));
    }
}

TEST_CASE("exp has the same bits on every instruction set", "[exp][isa]") {
  const auto x = interesting_floats();
  const auto expected = exp_of(generic_kernels(), x);
  for (const CpuKernels* kernels : other_tables()) CHECK(same_bits(exp_of(*kernels, x), expected));
}
