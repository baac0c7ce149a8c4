#include "kernels/gelu.hpp"

#include <limits>

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

/// Every 1009th float of either sign, all within 1000 of where something changes or gelu errs most
/// of all floats, and infinities.
std::vector<float> interesting_floats() {
  std::vector<float> x{0.0f, INFINITY};
  for (std::uint32_t bits = 0; bits < 0x7f800000u; bits += 1009 * 16) x.push_back(from_bits(bits));
  for (std::uint32_t bits = 0x39000000u; bits < 0x41800000u; bits += 1009)  // 1e-4 to 16
    x.push_back(from_bits(bits));
  for (const float around :
       {kGeluEnd, kTanhSmall, 9.0f, 44.36f, 88.72f, 0.210939392f, 0.24982661f, 0.0670448542f}) {
    std::uint32_t bits;
    std::memcpy(&bits, &around, sizeof bits);
    for (std::uint32_t i = 0; i < 2000; ++i) x.push_back(from_bits(bits + i - 1000));
  }
  const std::size_t half = x.size();
  for (std::size_t i = 0; i < half; ++i) x.push_back(-x[i]);
  return x;
}

double exact_gelu(double x) {
  return 0.5 * x * std::erfc(-x * std::sqrt(0.5));
}

/// Largest of error(x, y) over x from `low` to `high` where the result is a normal number.
template <typename Error>
double worst(Function function, float low, float high, Error&& error) {
  const auto x = interesting_floats();
  const auto y = values(function, x);
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (low <= x[i] && x[i] <= high && (std::abs(x[i]) >= 0x1p-125f || x[i] == 0))
      most = larger_error(most, error(static_cast<double>(x[i]), y[i]));
  return most;
}

}  // namespace

TEST_CASE("gelu is within 2.1 units of the last place above zero, and near those of x below",
          "[gelu]") {
  const auto gelu = generic_kernels().gelu;
  const auto in_ulps = [](double x, float y) { return ulps(y, exact_gelu(x)); };
  CHECK(worst(gelu, 0, std::numeric_limits<float>::max(), in_ulps) <= 2.1);
  const auto of_x = [](double x, float y) {
    return x == 0 ? 0 : std::abs(static_cast<double>(y) - exact_gelu(x)) / -x * 0x1p24;
  };
  CHECK(worst(gelu, -1e30f, 0, of_x) <= 1.28);
  const auto relative = [](double x, float y) {
    return std::abs(static_cast<double>(y) / exact_gelu(x) - 1);
  };
  CHECK(worst(gelu, -6, -1, relative) <= 4e-5);
}

TEST_CASE("tanh is within 1.4 units of the last place", "[gelu]") {
  const auto in_ulps = [](double x, float y) { return ulps(y, std::tanh(x)); };
  CHECK(worst(generic_kernels().tanh, -INFINITY, INFINITY, in_ulps) <= 1.4);
}

TEST_CASE("gelu and tanh have the same bits on every instruction set", "[gelu][isa]") {
  const auto x = interesting_floats();
  const auto gelu = values(generic_kernels().gelu, x);
  const auto tanh = values(generic_kernels().tanh, x);
  for (const CpuKernels* kernels : other_tables()) {
    CHECK(same_bits(values(kernels->gelu, x), gelu));
    CHECK(same_bits(values(kernels->tanh, x), tanh));
  }
}

TEST_CASE("gelu is x far above zero and next to nothing far below", "[gelu]") {
  for (const CpuKernels* kernels : all_tables()) {
    const auto y = values(kernels->gelu, {0, -0.0f, 9, 1e30f, INFINITY, -9, -1e30f, -INFINITY});
    CHECK(std::vector<float>(y.begin(), y.begin() + 5) ==
          std::vector<float>{0, 0, 9, 1e30f, INFINITY});
    for (std::size_t i = 5; i < y.size(); ++i) CHECK((-6e-9f < y[i] && y[i] < 0));
  }
}

TEST_CASE("tanh is odd, keeps the sign of zero and ends at one", "[gelu]") {
  const std::vector<float> x{0.0f, -0.0f, 4.0f, -4.0f, 1e30f, -1e30f, INFINITY, -INFINITY};
  for (const CpuKernels* kernels : all_tables()) {
    const auto tanh = values(kernels->tanh, x);
    CHECK((!std::signbit(tanh[0]) && std::signbit(tanh[1])));
    CHECK(tanh[2] == -tanh[3]);
    CHECK(std::vector<float>(tanh.begin() + 4, tanh.end()) == std::vector<float>{1, -1, 1, -1});
  }
}

TEST_CASE("gelu and tanh of NaN are NaN", "[gelu]") {
  for (const CpuKernels* kernels : all_tables())
    for (const Function function : {kernels->gelu, kernels->tanh}) {
      CHECK(std::isnan(values(function, {NAN})[0]));
      CHECK(std::isnan(values(function, {-NAN})[0]));
    }
}
