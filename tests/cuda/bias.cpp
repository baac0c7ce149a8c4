#include "kernels/cuda/bias.hpp"

#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

Bytes run(const Numbers& x, const Numbers& bias, Type type, Activation activation) {
  const DeviceArray<unsigned char> rows(store(x, type)), added(store(bias, Type::fp32));
  REQUIRE(add_bias({rows.get(), reinterpret_cast<const float*>(added.get()),
                    static_cast<std::int32_t>(x.size() / bias.size()),
                    static_cast<std::int32_t>(bias.size()), type, activation},
                   nullptr) == kSuccess);
  return rows.read();
}

double gelu_of(double x) {
  return 0.5 * x * (1.0 + std::erf(x * std::sqrt(0.5)));
}

Numbers expected(Numbers x, const Numbers& bias, Activation activation) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] += bias[i % bias.size()];
    if (activation == Activation::gelu) x[i] = gelu_of(x[i]);
  }
  return x;
}

}  // namespace

TEST_CASE("add_bias on a device agrees with its formula", "[bias]") {
  const auto activation = GENERATE(Activation::none, Activation::gelu);
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16);
  const auto dim = GENERATE(8, 32, 112, 384, 1000, 4096);
  const auto tokens = GENERATE(1, 19, 111, 257);
  if (tokens > 19 && dim > 1000) return;
  const Numbers x = rounded(random_numbers(std::int64_t{tokens} * dim, 1, 4.0), type);
  const Numbers bias = rounded(random_numbers(dim, 2), Type::fp32);

  const Numbers found = load(run(x, bias, type, activation), type);

  INFO(name(type) << " " << dim << " " << tokens);
  CHECK(relative_error(found, expected(x, bias, activation)) <= tolerance(type));
}

TEST_CASE("gelu on a device is near on both sides, from 0 to where erf is 1", "[bias]") {
  Numbers x;
  for (int i = -1200; i < 1200; ++i) x.push_back(rounded(i * 0.01, Type::fp32));
  for (const double v : {1e-30, -1e-30, 88.0, -88.0, 1e4, -1e4, 1e30, -1e30})
    x.push_back(rounded(v, Type::fp32));
  const Numbers bias(x.size(), 0.0);

  const Numbers found = load(run(x, bias, Type::fp32, Activation::gelu), Type::fp32);

  // Below zero 1 + erf cancels: the error is that of erf times x / 2.
  for (std::size_t i = 0; i < x.size(); ++i) {
    INFO(x[i]);
    CHECK(std::fabs(found[i] - gelu_of(x[i])) <= 3e-7 * std::fabs(x[i]));
  }
}

TEST_CASE("gelu on a device keeps NaN and infinity", "[bias]") {
  const Numbers x = {std::nan(""), HUGE_VAL, 1.0, -1.0};

  const Numbers found = load(run(x, Numbers(4, 0.0), Type::fp32, Activation::gelu), Type::fp32);

  CHECK(std::isnan(found[0]));
  CHECK(found[1] == HUGE_VAL);
  CHECK(std::isfinite(found[2]));
}

TEST_CASE("add_bias on a device gives a row the same bits alone and beside NaNs", "[bias]") {
  const auto activation = GENERATE(Activation::none, Activation::gelu);
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16);
  const auto dim = GENERATE(40, 1536);
  const Numbers x = random_numbers(5 * dim, 3, 4.0);
  const Numbers bias = random_numbers(dim, 4);

  const Bytes all = run(with_nan_rows(x, dim), bias, type, activation);

  for (const int row : {0, 2, 4})
    CHECK(run(row_of(x, row, dim), bias, type, activation) ==
          row_of(all, row, dim * size_in_bytes(type)));
}

TEST_CASE("add_bias on a device does nothing with no tokens and refuses e4m3", "[bias]") {
  CHECK(add_bias({nullptr, nullptr, 0, 64, Type::bf16, Activation::gelu}, nullptr) == kSuccess);
  CHECK(add_bias({nullptr, nullptr, 1, 64, Type::e4m3, Activation::none}, nullptr) != kSuccess);
}
