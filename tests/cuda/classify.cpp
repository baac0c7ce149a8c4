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

std::vector<float> logits(const Numbers& x, const std::vector<std::int32_t>& lengths,
                          const Head& head) {
  const auto dim = static_cast<std::int32_t>(head.head.size());
  std::vector<std::int32_t> offsets = {0};
  for (const std::int32_t length : lengths) offsets.push_back(offsets.back() + length);
  const DeviceArray<unsigned char> rows(store(x, Type::fp32)),
      weight(store(head.weight, Type::fp32)), bias(store(head.bias, Type::fp32)),
      last(store(head.head, Type::fp32)), last_bias(store({head.head_bias}, Type::fp32));
  const DeviceArray<std::int32_t> ends(offsets);
  const DeviceArray<float> out(lengths.size()),
      scratch(lengths.size() * static_cast<std::size_t>(classify_parts(dim)));
  const auto floats = [](const DeviceArray<unsigned char>& array) {
    return reinterpret_cast<const float*>(array.get());
  };
  REQUIRE(
      classify({out.get(), scratch.get(), floats(rows), floats(weight), floats(bias), floats(last),
                floats(last_bias), ends.get(), static_cast<std::int32_t>(lengths.size()), dim},
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

/// As many first rows as sequences, the other rows NaN.
Numbers first_rows(const std::vector<std::int32_t>& lengths, std::int64_t dim, double scale) {
  Numbers x;
  unsigned seed = 10;
  for (const std::int32_t length : lengths) {
    if (length == 0) continue;
    const Numbers row = rounded(random_numbers(dim, seed++, scale), Type::fp32);
    x.insert(x.end(), row.begin(), row.end());
    x.insert(x.end(), static_cast<std::size_t>((length - 1) * dim), std::nan(""));
  }
  return x;
}

}  // namespace

TEST_CASE("classify on a device agrees with its formula", "[classify]") {
  const auto dim = GENERATE(8, 32, 72, 384, 1024);
  // Small, and far beyond where tanh is 1.
  const auto scale = GENERATE(0.01, 1.0, 30.0);
  const auto lengths =
      GENERATE(std::vector<std::int32_t>{1}, std::vector<std::int32_t>{3, 0, 1, 19, 2, 0, 0, 7, 0});
  const Numbers x = first_rows(lengths, dim, scale);
  const Head head = random_head(dim);

  const std::vector<float> found = logits(x, lengths, head);

  std::int64_t token = 0;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] == 0) {
      CHECK(found[s] == 0.0f);
      continue;
    }
    const double expected = expected_logit(row_of(x, token, dim), head);
    CHECK(std::fabs(found[s] - expected) <= 1e-5 * std::sqrt(static_cast<double>(dim)));
    token += lengths[s];
  }
}

TEST_CASE("classify on a device gives a sequence the same bits alone and beside NaNs",
          "[classify]") {
  const auto dim = GENERATE(40, 384);
  const std::vector<std::int32_t> lengths = {1, 1, 2, 1, 1};
  const Numbers x = random_numbers(6 * dim, 4);
  const Head head = random_head(dim);
  Numbers beside = x;
  for (const std::int64_t row : {1, 3, 4})
    std::fill_n(beside.begin() + row * dim, dim, std::nan(""));

  const std::vector<float> all = logits(beside, lengths, head);

  CHECK(all[0] == logits(row_of(x, 0, dim), {1}, head)[0]);
  CHECK(std::isnan(all[1]));
  CHECK(all[2] == logits(row_of(x, 2, dim), {1}, head)[0]);
  CHECK(std::isnan(all[3]));
  CHECK(all[4] == logits(row_of(x, 5, dim), {1}, head)[0]);
}

TEST_CASE("classify on a device does nothing with no sequences", "[classify]") {
  CHECK(classify({nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 64},
                 nullptr) == kSuccess);
}
