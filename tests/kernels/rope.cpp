#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

std::vector<float> frequencies(std::int64_t half, double theta = 500000.0) {
  std::vector<float> f;
  for (std::int64_t i = 0; i < half; ++i)
    f.push_back(
        static_cast<float>(std::pow(theta, -static_cast<double>(i) / static_cast<double>(half))));
  return f;
}

std::vector<float> table_of(std::int64_t positions, std::int64_t dim) {
  std::vector<float> table(static_cast<std::size_t>(rope_table_size(positions, dim)));
  make_rope_table(table.data(), frequencies(dim / 2).data(), positions, dim);
  return table;
}

std::vector<float> rope(const CpuKernels& kernels, std::vector<float> qkv,
                        const std::vector<int>& lengths, const std::vector<float>& table,
                        std::int64_t heads, std::int64_t kv_heads, std::int64_t dim,
                        int num_threads = 1) {
  const auto offsets = offsets_of(lengths);
  run({qkv.data(), table.data(), offsets.data(), offsets.back(),
       static_cast<std::int64_t>(lengths.size()), heads, kv_heads, dim},
      kernels.plan_rope, kernels.rope, num_threads);
  return qkv;
}

}  // namespace

TEST_CASE("make_rope_table rounds the cosine and sine of every angle correctly", "[rope]") {
  // 131,072 positions, the most that the models know of; the first frequency is 1.
  const std::int64_t positions = 131072;
  const auto inv_freq = frequencies(4);
  std::vector<float> table(static_cast<std::size_t>(rope_table_size(positions, 8)));
  make_rope_table(table.data(), inv_freq.data(), positions, 8);
  int wrong = 0;
  for (std::int64_t p = 0; p < positions; ++p)
    for (std::int64_t i = 0; i < 4; ++i) {
      const double angle = static_cast<float>(p) * inv_freq[static_cast<std::size_t>(i)];
      const auto at = static_cast<std::size_t>(p * 8 + i);
      wrong += table[at] != static_cast<float>(std::cos(angle));
      wrong += table[at + 4] != static_cast<float>(std::sin(angle));
    }
  CHECK(wrong == 0);
}

TEST_CASE("make_rope_table holds at quarter turns", "[rope]") {
  const float quarter = 1.57079637f;
  float table[20];
  make_rope_table(table, &quarter, 5, 2);
  CHECK(table[0] == 1.0f);
  CHECK(table[1] == 0.0f);
  for (int p = 0; p < 5; ++p) {
    const double angle = static_cast<float>(p) * quarter;
    CHECK(table[2 * p] == static_cast<float>(std::cos(angle)));
    CHECK(table[2 * p + 1] == static_cast<float>(std::sin(angle)));
  }
}

TEST_CASE("rope turns queries and keys, restarts at each sequence and leaves values alone",
          "[rope]") {
  const std::int64_t dim = GENERATE(2, 38, 64);
  const std::int64_t half = dim / 2;
  const std::vector<int> lengths{3, 19, 1};
  const auto table = table_of(19, dim);
  const auto qkv = random_floats(23 * 4 * dim, 1);  // two query heads, a key and a value
  const auto offsets = offsets_of(lengths);

  Matrix expected = as_matrix(qkv, 23, 4 * dim).cast<double>();
  const Matrix before = expected;
  for (std::size_t s = 0; s < 3; ++s)
    for (std::int64_t t = offsets[s]; t < offsets[s + 1]; ++t)
      for (std::int64_t h = 0; h < 3; ++h)
        for (std::int64_t i = 0; i < half; ++i) {
          const double c = table[static_cast<std::size_t>((t - offsets[s]) * dim + i)];
          const double n = table[static_cast<std::size_t>((t - offsets[s]) * dim + half + i)];
          const double a = before(t, h * dim + i);
          const double b = before(t, h * dim + half + i);
          expected(t, h * dim + i) = a * c - b * n;
          expected(t, h * dim + half + i) = b * c + a * n;
        }
  const auto actual = rope(generic_kernels(), qkv, lengths, table, 2, 1, dim);
  CHECK(error(actual, expected) < kTolerance);
  CHECK(as_matrix(actual, 23, 4 * dim).rightCols(dim) ==
        as_matrix(qkv, 23, 4 * dim).rightCols(dim));
  for (const CpuKernels* kernels : other_tables())
    for (const int num_threads : {1, 2, 7})
      CHECK(same_bits(rope(*kernels, qkv, lengths, table, 2, 1, dim, num_threads), actual));
}
