#include "kernels/cuda/linear.hpp"

#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

/// Operands on the host. x and weight are numbers that their type has.
struct Product {
  LinearShape shape;
  std::int32_t num_tokens;
  Numbers x, weight;
  std::vector<float> x_scales, weight_scales;
};

std::vector<float> floats(const Numbers& numbers) {
  return {numbers.begin(), numbers.end()};
}

Product random_product(const LinearShape& shape, std::int32_t num_tokens) {
  const double scale = shape.type == Type::e4m3 ? 200.0 : 1.0;
  return {shape,
          num_tokens,
          rounded(random_numbers(std::int64_t{num_tokens} * shape.k, 1, scale), shape.type),
          rounded(random_numbers(std::int64_t{shape.n} * shape.k, 2, scale), shape.type),
          floats(random_numbers(num_tokens, 3)),
          floats(random_numbers(shape.n, 4))};
}

Bytes run(Linear& linear, const Product& product, const Numbers* added_to = nullptr) {
  const auto [n, k, type, out_type] = product.shape;
  const DeviceArray<unsigned char> x(store(product.x, type)), weight(store(product.weight, type));
  const DeviceArray<float> x_scales(product.x_scales), weight_scales(product.weight_scales);
  const auto size = static_cast<std::size_t>(std::int64_t{product.num_tokens} * n);
  const DeviceArray<unsigned char> out(
      added_to != nullptr ? store(*added_to, out_type)
                          : Bytes(size * static_cast<std::size_t>(size_in_bytes(out_type)), 0xff));
  const bool scaled = type == Type::e4m3;
  const LinearArgs args{product.shape,
                        out.get(),
                        x.get(),
                        weight.get(),
                        scaled ? x_scales.get() : nullptr,
                        scaled ? weight_scales.get() : nullptr,
                        product.num_tokens,
                        added_to != nullptr};
  REQUIRE(linear.run(args, nullptr) == kSuccess);
  return out.read();
}

Numbers expected(const Product& product) {
  const auto [n, k, type, out_type] = product.shape;
  Numbers out;
  for (std::int64_t t = 0; t < product.num_tokens; ++t)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < k; ++i)
        sum += product.x[static_cast<std::size_t>(t * k + i)] *
               product.weight[static_cast<std::size_t>(j * k + i)];
      if (type == Type::e4m3)
        sum *= static_cast<double>(product.x_scales[static_cast<std::size_t>(t)]) *
               static_cast<double>(product.weight_scales[static_cast<std::size_t>(j)]);
      out.push_back(sum);
    }
  return out;
}

/// Whether the device multiplies such types: cuBLASLt scales rows of e4m3 on sm_90 alone.
bool prepared(Linear& linear, const LinearShape& shape) {
  DeviceInfo device;
  REQUIRE(read_device_info(0, &device) == kSuccess);
  REQUIRE(linear.open() == kSuccess);
  const Status status = linear.prepare(shape);
  if (shape.type == Type::e4m3 && device.capability != 90) return status == kSuccess;
  INFO(describe(status));
  REQUIRE(status == kSuccess);
  return true;
}

double product_tolerance(const LinearShape& shape) {
  // Tensor cores add e4m3 products with 14 bits.
  if (shape.type == Type::e4m3 && shape.out_type == Type::fp32) return 1e-3;
  return tolerance(shape.out_type);
}

const auto kShapes =
    std::vector<LinearShape>{{48, 40, Type::fp32, Type::fp32},   {136, 72, Type::bf16, Type::bf16},
                             {200, 264, Type::bf16, Type::fp32}, {72, 136, Type::fp16, Type::fp16},
                             {64, 64, Type::fp16, Type::fp32},   {144, 80, Type::e4m3, Type::bf16},
                             {80, 272, Type::e4m3, Type::fp32}};

}  // namespace

TEST_CASE("linear on a device agrees with its formula", "[linear]") {
  const auto shape = GENERATE(from_range(kShapes));
  const auto tokens = GENERATE(1, 19, 111, 130);
  Linear linear;
  if (!prepared(linear, shape)) return;
  const Product product = random_product(shape, tokens);

  INFO(shape.n << " x " << shape.k << " " << name(shape.type) << " -> " << name(shape.out_type));
  CHECK(relative_error(load(run(linear, product), shape.out_type), expected(product)) <=
        product_tolerance(shape));
}

TEST_CASE("linear on a device adds to what is there", "[linear]") {
  const auto shape = GENERATE(
      filter([](const LinearShape& s) { return s.out_type == Type::fp32; }, from_range(kShapes)));
  constexpr std::int32_t kTokens = 21;
  Linear linear;
  if (!prepared(linear, shape)) return;
  const Product product = random_product(shape, kTokens);
  const Numbers before =
      rounded(random_numbers(std::int64_t{kTokens} * shape.n, 5, 9.0), Type::fp32);

  const Numbers found = load(run(linear, product, &before), Type::fp32);

  Numbers sum = expected(product);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += before[i];
  CHECK(relative_error(found, sum) <= product_tolerance(shape));
}

TEST_CASE("linear on a device gives a row the same bits alone and beside NaNs", "[linear]") {
  const auto shape = GENERATE(from_range(kShapes));
  Linear linear;
  if (!prepared(linear, shape)) return;
  constexpr std::int32_t kTokens = 140;
  const Product product = random_product(shape, kTokens);
  Product beside = product;
  for (std::int32_t t = 0; t < kTokens; ++t)
    if (t % 3 == 1)
      std::fill_n(beside.x.begin() + std::int64_t{t} * shape.k, shape.k, std::nan(""));

  const Bytes all = run(linear, product);
  const Bytes with_nans = run(linear, beside);

  const std::int64_t row_bytes = shape.n * size_in_bytes(shape.out_type);
  for (const std::int32_t t : {0, 2, 69, 138}) {
    const auto at = static_cast<std::size_t>(t);
    const Product alone{shape,
                        1,
                        row_of(product.x, t, shape.k),
                        product.weight,
                        {product.x_scales[at]},
                        product.weight_scales};
    CHECK(run(linear, alone) == row_of(all, t, row_bytes));
    CHECK(row_of(with_nans, t, row_bytes) == row_of(all, t, row_bytes));
  }
}

TEST_CASE("linear on a device names its choices and refuses what was not prepared", "[linear]") {
  Linear linear;
  REQUIRE(linear.open() == kSuccess);
  REQUIRE(linear.prepare({64, 64, Type::bf16, Type::fp32}) == kSuccess);
  REQUIRE(linear.prepare({64, 64, Type::bf16, Type::fp32}) == kSuccess);

  CHECK_FALSE(linear.choices().empty());
  CHECK(linear.choices().front().find("64 x 64 bf16 -> fp32") == 0);
  CHECK(
      linear.run(
          {{64, 64, Type::fp16, Type::fp32}, nullptr, nullptr, nullptr, nullptr, nullptr, 1, false},
          nullptr) != kSuccess);
}
