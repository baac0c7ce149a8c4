#include "kernels/cuda/classify.hpp"

#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

struct Head {
  Numbers weight, bias, head;
  double head_bias;
};

Head random_head(std::int64_t dim) {
  const double scale = 2.0 / std::sqrt(static_cast<double>(dim));
  return {rounded(random_numbers(dim * dim, 1, scale), Type::fp32),
          rounded(random_numbers(dim, 2), Type::fp32), rounded(random_numbers(dim, 3), Type::fp32),
          0.625};
}

std::vector<float> logits(const Numbers& x, const Head& head) {
  const auto dim = static_cast<std::int32_t>(head.head.size());
  const std::size_t num_sequences = x.size() / head.head.size();
  const DeviceArray<unsigned char> rows(store(x, Type::fp32)),
      weight(store(head.weight, Type::fp32)), bias(store(head.bias, Type::fp32)),
      last(store(head.head, Type::fp32)), last_bias(store({head.head_bias}, Type::fp32));
  const DeviceArray<float> out(num_sequences),
      scratch(num_sequences * static_cast<std::size_t>(classify_parts(dim)));
  const auto floats = [](const DeviceArray<unsigned char>& array) {
    return reinterpret_cast<const float*>(array.get());
  };
  REQUIRE(classify({out.get(), scratch.get(), floats(rows), floats(weight), floats(bias),
                    floats(last), floats(last_bias), static_cast<std::int32_t>(num_sequences), dim},
                   nullptr) == kSuccess);
  return out.read();
}

double expected_logit(const Numbers& x, const Head& head) {
  double logit = head.head_bias;
  const std::size_t dim = head.head.size();
  for (std::size_t j = 0; j < dim; ++j) {
    double sum = head.bias[j];
    for (std::size_t i = 0; i < dim; ++i) sum += x[i] * head.weight[j * dim + i];
    logit += std::tanh(sum) * head.head[j];
  }
  return logit;
}

}  // namespace

TEST_CASE("classify on a device agrees with its formula", "[classify]") {
  const auto dim = GENERATE(8, 32, 72, 384, 1024);
  // Small, and far beyond where tanh is 1.
  const auto scale = GENERATE(0.01, 1.0, 30.0);
  const auto num_sequences = GENERATE(1, 3, 4, 9);
  const Numbers x = rounded(random_numbers(num_sequences * dim, 10, scale), Type::fp32);
  const Head head = random_head(dim);

  const std::vector<float> found = logits(x, head);

  for (int s = 0; s < num_sequences; ++s) {
    const double expected = expected_logit(row_of(x, s, dim), head);
    CHECK(std::fabs(found[static_cast<std::size_t>(s)] - expected) <=
          1e-5 * std::sqrt(static_cast<double>(dim)));
  }
}

TEST_CASE("classify on a device gives a sequence the same bits alone and beside NaNs",
          "[classify]") {
  const auto dim = GENERATE(40, 384);
  const Numbers x = random_numbers(5 * dim, 4);
  const Head head = random_head(dim);
  Numbers beside = x;
  for (const std::int64_t row : {1, 3}) std::fill_n(beside.begin() + row * dim, dim, std::nan(""));

  const std::vector<float> all = logits(beside, head);

  CHECK(all[0] == logits(row_of(x, 0, dim), head)[0]);
  CHECK(std::isnan(all[1]));
  CHECK(all[2] == logits(row_of(x, 2, dim), head)[0]);
  CHECK(std::isnan(all[3]));
  CHECK(all[4] == logits(row_of(x, 4, dim), head)[0]);
}

TEST_CASE("classify on a device does nothing with no sequences", "[classify]") {
  CHECK(classify({nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 64}, nullptr) ==
        kSuccess);
}
