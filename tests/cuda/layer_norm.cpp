#include "kernels/cuda/layer_norm.hpp"

#include <optional>

#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr float kEps = 1e-12f;  // BERT's

struct Norm {
  Numbers weight, bias;
  std::optional<Numbers> added;
};

Norm random_norm(std::int64_t dim, bool adds) {
  Norm norm{rounded(random_numbers(dim, 2), Type::fp32),
            rounded(random_numbers(dim, 3), Type::fp32), std::nullopt};
  if (adds) norm.added = rounded(random_numbers(dim, 4), Type::fp32);
  return norm;
}

/// The residual and the rows that projections read, as they are stored.
struct Normed {
  Bytes residual, rows;
};

Normed run(const Numbers& x, const Norm& norm, Type type) {
  const auto dim = static_cast<std::int64_t>(norm.weight.size());
  const DeviceArray<unsigned char> residual(store(x, Type::fp32)),
      weight(store(norm.weight, Type::fp32)), bias(store(norm.bias, Type::fp32)),
      added(store(norm.added.value_or(Numbers{}), Type::fp32)),
      rows(type == Type::fp32 ? 0 : x.size() * static_cast<std::size_t>(size_in_bytes(type)));
  const auto floats = [](const DeviceArray<unsigned char>& array) {
    return reinterpret_cast<float*>(array.get());
  };
  REQUIRE(layer_norm({floats(residual), type == Type::fp32 ? nullptr : rows.get(),
                      norm.added ? floats(added) : nullptr, floats(weight), floats(bias),
                      static_cast<std::int32_t>(static_cast<std::int64_t>(x.size()) / dim),
                      static_cast<std::int32_t>(dim), kEps, type},
                     nullptr) == kSuccess);
  return {residual.read(), rows.read()};
}

Numbers expected(const Numbers& x, const Norm& norm) {
  Numbers out(x.size());
  const std::size_t dim = norm.weight.size();
  for (std::size_t begin = 0; begin < x.size(); begin += dim) {
    const auto v = [&](std::size_t i) {
      return x[begin + i] + (norm.added ? (*norm.added)[i] : 0);
    };
    double mean = 0.0;
    for (std::size_t i = 0; i < dim; ++i) mean += v(i) / static_cast<double>(dim);
    double squares = 0.0;
    for (std::size_t i = 0; i < dim; ++i) squares += (v(i) - mean) * (v(i) - mean);
    const double r = 1.0 / std::sqrt(squares / static_cast<double>(dim) + kEps);
    for (std::size_t i = 0; i < dim; ++i)
      out[begin + i] = (v(i) - mean) * r * norm.weight[i] + norm.bias[i];
  }
  return out;
}

}  // namespace

TEST_CASE("layer_norm on a device agrees with its formula", "[layer_norm]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16);
  const auto dim = GENERATE(8, 32, 384, 1000, 1024, 4104);
  const auto tokens = GENERATE(1, 19, 111, 257);
  if (tokens > 19 && dim > 1024) return;
  const bool adds = GENERATE(false, true);
  const Numbers x = rounded(random_numbers(std::int64_t{tokens} * dim, 1, 20.0), Type::fp32);
  const Norm norm = random_norm(dim, adds);

  const Normed found = run(x, norm, type);

  INFO(name(type) << " " << dim << " " << tokens << (adds ? " with a bias before it" : ""));
  const Numbers wanted = expected(x, norm);
  CHECK(relative_error(load(found.residual, Type::fp32), wanted) <= tolerance(Type::fp32));
  if (type != Type::fp32)
    CHECK(load(found.rows, type) == rounded(load(found.residual, Type::fp32), type));
}

TEST_CASE("layer_norm on a device keeps the digits of rows far from zero", "[layer_norm]") {
  const auto offset = GENERATE(1e3, -1e6);
  constexpr std::int64_t kDim = 384;
  Numbers x = random_numbers(3 * kDim, 5);
  for (double& v : x) v += offset;
  x = rounded(x, Type::fp32);
  const Norm norm = random_norm(kDim, false);

  const Normed found = run(x, norm, Type::fp16);

  CHECK(relative_error(load(found.residual, Type::fp32), expected(x, norm)) <= 1e-5);
}

TEST_CASE("layer_norm on a device gives its bias for a constant row", "[layer_norm]") {
  const auto value = GENERATE(0.0, 0.1, -1234.567, 3e7);
  const auto dim = GENERATE(32, 384, 1000);
  const Norm norm = random_norm(dim, false);
  const Numbers x = rounded(Numbers(static_cast<std::size_t>(dim), value), Type::fp32);

  const Numbers found = load(run(x, norm, Type::bf16).residual, Type::fp32);

  // What rounding the mean leaves is divided by sqrt(eps).
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(std::fabs(found[i] - norm.bias[i]) <= 1e-6 * (1.0 + std::fabs(value)));
}

TEST_CASE("layer_norm on a device gives a row the same bits alone and beside NaNs",
          "[layer_norm]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16);
  const auto dim = GENERATE(40, 384, 1024);
  const Numbers x = random_numbers(5 * dim, 6);
  const Norm norm = random_norm(dim, true);

  const Normed all = run(with_nan_rows(x, dim), norm, type);

  for (const int row : {0, 2, 4}) {
    const Normed alone = run(row_of(x, row, dim), norm, type);
    CHECK(alone.residual == row_of(all.residual, row, dim * 4));
    if (type != Type::fp32) CHECK(alone.rows == row_of(all.rows, row, dim * 2));
  }
}

TEST_CASE("layer_norm on a device does nothing with no tokens and refuses rows too wide",
          "[layer_norm]") {
  const auto status = [](std::int32_t num_tokens, std::int32_t dim, Type type) {
    return layer_norm({nullptr, nullptr, nullptr, nullptr, nullptr, num_tokens, dim, kEps, type},
                      nullptr);
  };
  CHECK(status(0, 64, Type::bf16) == kSuccess);
  CHECK(status(1, 1 << 20, Type::bf16) != kSuccess);
  CHECK(status(1, 64, Type::e4m3) != kSuccess);
}
