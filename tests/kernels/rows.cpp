#include "tests/kernels/support.hpp"

// The ops whose rows are independent: rms_norm, embedding and pool_score.

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

std::vector<float> rms_norm(const CpuKernels& kernels, std::vector<float> x,
                            const std::vector<float>& weight, int num_threads = 1) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  run({x.data(), x.data(), weight.data(), tokens, dim, 1e-5f}, kernels.plan_rms_norm,
      kernels.rms_norm, num_threads);
  return x;
}

std::vector<float> embedding(const CpuKernels& kernels, const void* table, WeightType type,
                             const std::vector<std::int32_t>& ids, std::int64_t dim) {
  std::vector<float> out(ids.size() * static_cast<std::size_t>(dim), NAN);
  run({out.data(), table, ids.data(), static_cast<std::int64_t>(ids.size()), dim, type},
      kernels.plan_embedding, kernels.embedding, 3);
  return out;
}

struct Pool {
  std::vector<float> weight;
  std::vector<float> head;
  float temperature;
};

std::vector<float> pool_score(const CpuKernels& kernels, const std::vector<float>& x,
                              const std::vector<int>& lengths, const Pool& pool,
                              int num_threads = 1) {
  const auto offsets = offsets_of(lengths);
  std::vector<float> token_scores(static_cast<std::size_t>(offsets.back()), NAN);
  std::vector<float> logits(lengths.size(), NAN);
  const PoolScoreArgs args{logits.data(),
                           token_scores.data(),
                           x.data(),
                           pool.weight.data(),
                           pool.head.data(),
                           offsets.data(),
                           offsets.back(),
                           static_cast<std::int64_t>(lengths.size()),
                           static_cast<std::int64_t>(pool.head.size()),
                           1e-5f,
                           pool.temperature};
  run(args, kernels.plan_pool_tokens, kernels.pool_tokens, num_threads);
  kernels.pool_sequences(args);
  return logits;
}

Matrix exact_rms_norm(const std::vector<float>& x, const std::vector<float>& weight) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  Matrix y = as_matrix(x, static_cast<std::int64_t>(x.size()) / dim, dim).cast<double>();
  const auto w = as_matrix(weight, 1, dim).cast<double>();
  for (std::int64_t t = 0; t < y.rows(); ++t) {
    const double r = 1.0 / std::sqrt(y.row(t).squaredNorm() / static_cast<double>(dim) + 1e-5f);
    y.row(t) = (y.row(t) * r).cwiseProduct(w.row(0));
  }
  return y;
}

}  // namespace

TEST_CASE("rms_norm agrees with double", "[rms_norm]") {
  const std::int64_t dim = GENERATE(1, 19, 111, 257, 576, 2048);
  const auto weight = random_floats(dim, 1);
  const auto x = random_floats(19 * dim, 2, 50.0f);
  CHECK(error(rms_norm(generic_kernels(), x, weight), exact_rms_norm(x, weight)) < kTolerance);
}

TEST_CASE("rms_norm has the same bits on every instruction set, for any cut into tasks",
          "[rms_norm][isa]") {
  const std::int64_t dim = GENERATE(1, 7, 8, 9, 15, 16, 17, 19, 111, 257, 576, 2048);
  const std::int64_t tokens = GENERATE(1, 19, 111);
  const auto weight = random_floats(dim, 1);
  const auto x = random_floats(tokens * dim, 2);
  const auto expected = rms_norm(generic_kernels(), x, weight);
  for (const CpuKernels* kernels : other_tables())
    for (const int num_threads : {1, 2, 64})
      CHECK(same_bits(rms_norm(*kernels, x, weight, num_threads), expected));
}

TEST_CASE("embedding widens every word of its table exactly", "[embedding]") {
  std::vector<std::uint16_t> words(65536);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::uint16_t>(i);
  for (const CpuKernels* kernels : all_tables()) {
    const auto bf16 = embedding(*kernels, words.data(), WeightType::bf16, {0}, 65536);
    const auto fp16 = embedding(*kernels, words.data(), WeightType::fp16, {0}, 65536);
    int wrong = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const float expected = from_bf16(words[i]);
      wrong += std::memcmp(&bf16[i], &expected, sizeof expected) != 0;
      if ((words[i] & 0x7c00) == 0x7c00) continue;
      const float half = from_fp16(words[i]);
      wrong += std::memcmp(&fp16[i], &half, sizeof half) != 0;
    }
    CHECK(wrong == 0);
    CHECK(std::isinf(fp16[0x7c00]));
    CHECK(std::isnan(fp16[0xfe01]));
    CHECK(
        same_bits(fp16, embedding(generic_kernels(), words.data(), WeightType::fp16, {0}, 65536)));
  }
}

TEST_CASE("embedding gathers rows in the order of ids", "[embedding]") {
  const auto table = random_floats(7 * 19, 6);
  for (const CpuKernels* kernels : all_tables()) {
    const auto out = embedding(*kernels, table.data(), WeightType::fp32, {6, 0, 6}, 19);
    CHECK(std::memcmp(&out[0], &table[6 * 19], 19 * 4) == 0);
    CHECK(std::memcmp(&out[19], &table[0], 19 * 4) == 0);
    CHECK(std::memcmp(&out[38], &table[6 * 19], 19 * 4) == 0);
  }
}

TEST_CASE("pool_score agrees with double and has the same bits on every instruction set",
          "[pool_score][isa]") {
  const std::int64_t dim = GENERATE(1, 7, 19, 111, 257, 2048);
  const std::vector<int> lengths{1, 19, 111, 2};
  const Pool pool{random_floats(dim, 7), random_floats(dim, 8), 0.5f};
  const auto x = random_floats(133 * dim, 9, 4.0f);

  const Matrix scores =
      product(exact_rms_norm(x, pool.weight), as_matrix(pool.head, dim, 1).cast<double>());
  Matrix expected(4, 1);
  int begin = 0;
  for (int s = 0; s < 4; ++s) {
    expected(s, 0) = scores.middleRows(begin, lengths[static_cast<std::size_t>(s)]).mean() / 0.5;
    begin += lengths[static_cast<std::size_t>(s)];
  }
  const auto actual = pool_score(generic_kernels(), x, lengths, pool);
  CHECK(error(actual, expected) < kProductTolerance);
  for (const CpuKernels* kernels : other_tables())
    for (const int num_threads : {1, 2, 64})
      CHECK(same_bits(pool_score(*kernels, x, lengths, pool, num_threads), actual));
}

TEST_CASE("pool_score leaves partial sums that no element touches at minus zero",
          "[pool_score][isa]") {
  // Every product is below the smallest denormal and negative, so every partial sum is -0. With 17
  // elements the second round touches one partial; adding zeros to the others would make them +0.
  const std::vector<float> tiny(17, 1e-20f);
  const std::vector<float> minus_tiny(17, -1e-20f);
  for (const CpuKernels* kernels : all_tables()) {
    float score = 1;
    run({nullptr, &score, tiny.data(), tiny.data(), minus_tiny.data(), nullptr, 1, 1, 17, 1e-5f, 1},
        kernels->plan_pool_tokens, kernels->pool_tokens);
    CHECK(score == 0.0f);
    CHECK(std::signbit(score));
  }
}

TEST_CASE("pool_score gives a sequence the same bits alone and in a batch", "[pool_score]") {
  const Pool pool{random_floats(111, 7), random_floats(111, 8), 1.0f};
  const auto x = random_floats(60 * 111, 9);
  for (const CpuKernels* kernels : all_tables()) {
    const auto together = pool_score(*kernels, x, {20, 0, 40}, pool);
    const std::vector<float> last(x.begin() + 20 * 111, x.end());
    CHECK(pool_score(*kernels, last, {40}, pool)[0] == together[2]);
    CHECK(together[1] == 0.0f);
  }
}
