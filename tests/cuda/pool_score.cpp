#include "kernels/cuda/pool_score.hpp"

#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr float kEps = 1e-5f;

struct Pool {
  Numbers weight;
  Numbers head;
  float temperature;
};

std::vector<float> pool_logits(const Numbers& x, const std::vector<std::int32_t>& lengths,
                               const Pool& pool) {
  std::vector<std::int32_t> offsets = {0};
  for (const std::int32_t length : lengths) offsets.push_back(offsets.back() + length);
  const DeviceArray<unsigned char> in(store(x, Type::fp32)), weight(store(pool.weight, Type::fp32)),
      head(store(pool.head, Type::fp32));
  const DeviceArray<std::int32_t> ends(offsets);
  const DeviceArray<float> logits(lengths.size());
  const DeviceArray<float> scratch(x.size() / pool.head.size());
  const PoolScoreArgs args{logits.get(),
                           scratch.get(),
                           reinterpret_cast<const float*>(in.get()),
                           reinterpret_cast<const float*>(weight.get()),
                           reinterpret_cast<const float*>(head.get()),
                           ends.get(),
                           static_cast<std::int32_t>(x.size() / pool.head.size()),
                           static_cast<std::int32_t>(lengths.size()),
                           static_cast<std::int32_t>(pool.head.size()),
                           kEps,
                           pool.temperature};
  REQUIRE(pool_score(args, nullptr) == kSuccess);
  return logits.read();
}

/// The mean over tokens of the normed row times the head.
double expected_logit(const Numbers& x, const Pool& pool) {
  const std::size_t dim = pool.head.size();
  const std::size_t tokens = x.size() / dim;
  double sum = 0.0;
  for (std::size_t t = 0; t < tokens; ++t) {
    double squares = 0.0;
    double product = 0.0;
    for (std::size_t i = 0; i < dim; ++i) {
      const double v = x[t * dim + i];
      squares += v * v;
      product += v * pool.weight[i] * pool.head[i];
    }
    sum += product / std::sqrt(squares / static_cast<double>(dim) + kEps);
  }
  return sum / static_cast<double>(tokens) / static_cast<double>(pool.temperature);
}

}  // namespace

TEST_CASE("pool_score on a device agrees with its formula", "[pool_score]") {
  const auto dim = GENERATE(8, 576, 2048);
  const std::vector<std::int32_t> lengths = {1, 19, 0, 2, 257};
  // A mean far from zero, so that the sums' error is held against the logit itself.
  Numbers x = random_numbers(279 * dim, 9);
  Pool pool{random_numbers(dim, 10), random_numbers(dim, 11), 0.7f};
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] += pool.weight[i % pool.weight.size()] * pool.head[i % pool.head.size()];
  x = rounded(x, Type::fp32);
  pool = {rounded(pool.weight, Type::fp32), rounded(pool.head, Type::fp32), pool.temperature};

  const std::vector<float> found = pool_logits(x, lengths, pool);

  CHECK(found[2] == 0.0f);
  std::int64_t begin = 0;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    const Numbers rows(x.begin() + begin * dim, x.begin() + (begin + lengths[s]) * dim);
    if (!rows.empty()) {
      const double expected = expected_logit(rows, pool);
      CHECK(std::fabs(found[s] - expected) <= 1e-5 * std::fabs(expected));
    }
    begin += lengths[s];
  }
}

TEST_CASE("pool_score on a device gives a sequence the same bits wherever it stands",
          "[pool_score]") {
  constexpr std::int64_t kDim = 40;
  constexpr std::int32_t kLength = 1025;
  const Pool pool{random_numbers(kDim, 12), random_numbers(kDim, 13), 1.0f};
  const Numbers x = random_numbers(kLength * kDim, 14);
  // NaNs before, after, and in rows that belong to no sequence.
  Numbers all(3 * kDim, std::numeric_limits<double>::quiet_NaN());
  all.insert(all.end(), x.begin(), x.end());
  all.insert(all.end(), 6 * kDim, std::numeric_limits<double>::quiet_NaN());

  const std::vector<float> found = pool_logits(all, {3, kLength, 2}, pool);

  CHECK(std::isnan(found[0]));
  CHECK(found[1] == pool_logits(x, {kLength}, pool)[0]);
  CHECK(std::isnan(found[2]));
}
