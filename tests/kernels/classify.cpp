#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

struct Head {
  std::int64_t dim;
  std::vector<float> weight;
  std::vector<float> bias;
  std::vector<float> head;
  float head_bias = 0.25f;

  explicit Head(std::int64_t columns)
      : dim(columns),
        weight(random_floats(dim * dim, 1, 0.3f)),
        bias(random_floats(dim, 2)),
        head(random_floats(dim, 3)) {}
};

std::vector<float> classify(const CpuKernels& kernels, const std::vector<float>& x,
                            const Head& head, int num_threads = 1) {
  const auto num_sequences = static_cast<std::int64_t>(x.size()) / head.dim;
  std::vector<float> logits(static_cast<std::size_t>(num_sequences), NAN);
  run({logits.data(), x.data(), head.weight.data(), head.bias.data(), head.head.data(),
       head.head_bias, num_sequences, head.dim},
      kernels.plan_classify, kernels.classify, num_threads);
  return logits;
}

double exact_logit(const float* row, const Head& head) {
  double logit = head.head_bias;
  for (std::int64_t j = 0; j < head.dim; ++j) {
    double sum = head.bias[static_cast<std::size_t>(j)];
    for (std::int64_t i = 0; i < head.dim; ++i)
      sum += double{row[i]} * double{head.weight[static_cast<std::size_t>(j * head.dim + i)]};
    logit += std::tanh(sum) * double{head.head[static_cast<std::size_t>(j)]};
  }
  return logit;
}

}  // namespace

TEST_CASE("classify agrees with double and has the same bits on every instruction set",
          "[classify][isa]") {
  const std::int64_t dim = GENERATE(1, 7, 8, 9, 15, 16, 17, 19, 25, 111, 257);
  const Head head(dim);
  const auto x = random_floats(4 * dim, 4, 2.0f);
  const auto actual = classify(generic_kernels(), x, head);
  Matrix expected(4, 1);
  for (std::int64_t s = 0; s < 4; ++s) expected(s, 0) = exact_logit(x.data() + s * dim, head);
  CHECK(error(actual, expected) < kProductTolerance);
  for (const CpuKernels* kernels : other_tables())
    for (const int num_threads : {1, 2, 64})
      CHECK(same_bits(classify(*kernels, x, head, num_threads), actual));
}

TEST_CASE("classify gives a row the same bits alone and among others", "[classify]") {
  const Head head(111);
  const auto x = random_floats(60 * 111, 5);
  for (const CpuKernels* kernels : all_tables()) {
    const auto together = classify(*kernels, x, head);
    const std::vector<float> one(x.begin() + 20 * 111, x.begin() + 21 * 111);
    CHECK(classify(*kernels, one, head)[0] == together[20]);
  }
}

TEST_CASE("classify leaves partial sums that no element touches at minus zero", "[classify][isa]") {
  // Every product with the head is below the smallest denormal and negative, so every partial sum
  // is -0. With 17 elements the second round touches one partial; adding zeros to the others would
  // make them +0.
  Head head(17);
  std::fill(head.weight.begin(), head.weight.end(), -1e-20f);
  std::fill(head.bias.begin(), head.bias.end(), -0.0f);
  std::fill(head.head.begin(), head.head.end(), 1e-30f);
  head.head_bias = -0.0f;
  const std::vector<float> x(17, 1e-20f);
  const auto expected = classify(generic_kernels(), x, head);
  CHECK(std::signbit(expected[0]));
  for (const CpuKernels* kernels : other_tables())
    CHECK(same_bits(classify(*kernels, x, head), expected));
}

TEST_CASE("classify of no sequences does nothing", "[classify]") {
  for (const CpuKernels* kernels : all_tables()) CHECK(classify(*kernels, {}, Head(19)).empty());
}
