#include "kernels/erf.hpp"

#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

using Function = void (*)(float* y, const float* x, std::int64_t count);

std::vector<float> values(Function function, const std::vector<float>& x) {
  std::vector<float> y(x.size(), NAN);
  function(y.data(), x.data(), static_cast<std::int64_t>(x.size()));
  return y;
}

float from_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// Every 1009th float of either sign, all within 1000 of where something changes, and infinities.
std::vector<float> interesting_floats() {
  std::vector<float> x{0.0f, INFINITY};
  for (std::uint32_t bits = 0; bits < 0x7f800000u; bits += 1009 * 16) x.push_back(from_bits(bits));
  for (std::uint32_t bits = 0x39000000u; bits < 0x41800000u; bits += 1009)  // 1e-4 to 16
    x.push_back(from_bits(bits));
  for (const float around : {kErfSmall, kErfOne, kTanhSmall, 9.0f, 44.36f, 88.72f}) {
    std::uint32_t bits;
    std::memcpy(&bits, &around, sizeof bits);
    for (std::uint32_t i = 0; i < 2000; ++i) x.push_back(from_bits(bits + i - 1000));
  }
  const std::size_t half = x.size();
  for (std::size_t i = 0; i < half; ++i) x.push_back(-x[i]);
  return x;
}

/// The largest error where the result is a normal number.
double worst_ulps(Function function, double (*exact)(double)) {
  const auto x = interesting_floats();
  const auto y = values(function, x);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::abs(x[i]) >= 0x1p-125f || x[i] == 0)
      worst = std::max(worst, ulps(y[i], exact(static_cast<double>(x[i]))));
  return worst;
}

}  // namespace

TEST_CASE("erf is within 1.2 and tanh within 1.4 units of the last place", "[erf]") {
  CHECK(worst_ulps(generic_kernels().erf, [](double x) { return std::erf(x); }) <= 1.2);
  CHECK(worst_ulps(generic_kernels().tanh, [](double x) { return std::tanh(x); }) <= 1.4);
}

TEST_CASE("erf and tanh have the same bits on every instruction set", "[erf][isa]") {
  const auto x = interesting_floats();
  const auto erf = values(generic_kernels().erf, x);
  const auto tanh = values(generic_kernels().tanh, x);
  for (const CpuKernels* kernels : other_tables()) {
    CHECK(same_bits(values(kernels->erf, x), erf));
    CHECK(same_bits(values(kernels->tanh, x), tanh));
  }
}

TEST_CASE("erf and tanh are odd, keep the sign of zero and end at one", "[erf]") {
  const std::vector<float> x{0.0f, -0.0f, 4.0f, -4.0f, 1e30f, -1e30f, INFINITY, -INFINITY};
  for (const CpuKernels* kernels : all_tables()) {
    const auto erf = values(kernels->erf, x);
    CHECK(erf == std::vector<float>{0, 0, 1, -1, 1, -1, 1, -1});
    CHECK((!std::signbit(erf[0]) && std::signbit(erf[1])));
    const auto tanh = values(kernels->tanh, x);
    CHECK((!std::signbit(tanh[0]) && std::signbit(tanh[1])));
    CHECK(tanh[2] == -tanh[3]);
    CHECK(std::vector<float>(tanh.begin() + 4, tanh.end()) == std::vector<float>{1, -1, 1, -1});
  }
}

TEST_CASE("erf and tanh of NaN are NaN", "[erf]") {
  for (const CpuKernels* kernels : all_tables())
    for (const Function function : {kernels->erf, kernels->tanh}) {
      CHECK(std::isnan(values(function, {NAN})[0]));
      CHECK(std::isnan(values(function, {-NAN})[0]));
    }
}
