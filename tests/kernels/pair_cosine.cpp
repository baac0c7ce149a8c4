#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

struct Head {
  std::int64_t dim;
  std::vector<float> weight;
  float bias = 0.25f;
  float scale = 10.0f;

  explicit Head(std::int64_t columns) : dim(columns), weight(random_floats(dim, 1)) {}
};

// Lengths of each sequence's two texts.
struct Texts {
  int first;
  int second;
};

std::vector<float> pair_cosine(const CpuKernels& kernels, const std::vector<float>& x,
                               const std::vector<Texts>& texts, const Head& head,
                               int num_threads = 1) {
  std::vector<int> lengths;
  std::vector<std::int32_t> type_1_begins;
  for (const Texts& of : texts) {
    lengths.push_back(of.first + of.second);
    type_1_begins.push_back(of.first);
  }
  const auto offsets = offsets_of(lengths);
  std::vector<float> logits(texts.size(), NAN);
  run({logits.data(), x.data(), offsets.data(), type_1_begins.data(), head.weight.data(), head.bias,
       head.scale, static_cast<std::int64_t>(texts.size()), head.dim},
      kernels.plan_pair_cosine, kernels.pair_cosine, num_threads);
  return logits;
}

std::vector<double> exact_mean(const float* x, int num_rows, std::int64_t dim) {
  std::vector<double> mean(static_cast<std::size_t>(dim));
  for (int t = 0; t < num_rows; ++t)
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += double{x[static_cast<std::size_t>(t) * mean.size() + i]} / num_rows;
  return mean;
}

template <typename Vector>
double exact_dot(const std::vector<double>& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * double{b[i]};
  return sum;
}

double exact_logit(const float* x, const Texts& texts, const Head& head) {
  const auto first = exact_mean(x, texts.first, head.dim);
  const auto second = exact_mean(x + texts.first * head.dim, texts.second, head.dim);
  const auto all = exact_mean(x, texts.first + texts.second, head.dim);
  const double norms = std::sqrt(exact_dot(first, first)) * std::sqrt(exact_dot(second, second));
  const double cosine = norms == 0 ? 0 : exact_dot(first, second) / norms;
  return exact_dot(all, head.weight) + head.bias + head.scale * cosine;
}

}  // namespace

TEST_CASE("pair_cosine agrees with double and has the same bits on every instruction set",
          "[pair_cosine][isa]") {
  const std::int64_t dim = GENERATE(1, 2, 7, 8, 9, 15, 16, 17, 19, 25, 111, 257);
  const std::vector<Texts> texts{{1, 1}, {2, 17}, {19, 111}, {7, 257}, {3, 0}, {0, 3}};
  const Head head(dim);
  const auto x = random_floats(421 * dim, 2, 2.0f);
  const auto actual = pair_cosine(generic_kernels(), x, texts, head);
  Matrix expected(6, 1);
  const float* rows = x.data();
  for (std::size_t s = 0; s < texts.size(); ++s) {
    expected(static_cast<std::int64_t>(s), 0) = exact_logit(rows, texts[s], head);
    rows += (texts[s].first + texts[s].second) * dim;
  }
  CHECK(error(actual, expected) < kProductTolerance);
  for (const CpuKernels* kernels : other_tables())
    for (const int num_threads : {1, 2, 64})
      CHECK(same_bits(pair_cosine(*kernels, x, texts, head, num_threads), actual));
}

TEST_CASE("pair_cosine reads a sequence alike alone and among others", "[pair_cosine]") {
  const Head head(111);
  const auto x = random_floats(60 * 111, 3);
  for (const CpuKernels* kernels : all_tables()) {
    const auto together = pair_cosine(*kernels, x, {{5, 15}, {0, 0}, {1, 39}}, head);
    const std::vector<float> last(x.begin() + 20 * 111, x.end());
    CHECK(pair_cosine(*kernels, last, {{1, 39}}, head)[0] == together[2]);
    CHECK(together[1] == 0.0f);
  }
}

TEST_CASE("pair_cosine of texts that are alike, turned around and of length zero",
          "[pair_cosine]") {
  Head head(19);
  std::fill(head.weight.begin(), head.weight.end(), 0.0f);
  head.scale = 8.0f;
  std::vector<float> x(2 * 19, 0.5f);  // rows of norm 2.18
  for (const CpuKernels* kernels : all_tables()) {
    const auto logit = [&](float second) {
      std::fill(x.begin() + 19, x.end(), second);
      return pair_cosine(*kernels, x, {{1, 1}}, head)[0];
    };
    CHECK(logit(3.0f) == 0.25f + 8.0f);
    CHECK(logit(-3.0f) == 0.25f - 8.0f);
    CHECK(logit(0.0f) == 0.25f);
    // Of norm 4e-9, below the eps of 1e-8 that stands in its place.
    CHECK(std::abs(logit(1e-9f) - (0.25 + 8.0 * std::sqrt(19.0) * 1e-9 / kCosineEps)) < 1e-6);
  }
}

TEST_CASE("pair_cosine takes a begin beyond the end for no tokens of type 1", "[pair_cosine]") {
  const Head head(17);
  const auto x = random_floats(3 * 17, 4);
  const std::int32_t offsets[] = {0, 3};
  for (const CpuKernels* kernels : all_tables()) {
    const std::int32_t begin = 9;
    float logit = NAN;
    run({&logit, x.data(), offsets, &begin, head.weight.data(), head.bias, head.scale, 1, 17},
        kernels->plan_pair_cosine, kernels->pair_cosine);
    CHECK(logit == pair_cosine(*kernels, x, {{3, 0}}, head)[0]);
  }
}

TEST_CASE("pair_cosine of no sequences does nothing", "[pair_cosine]") {
  for (const CpuKernels* kernels : all_tables())
    CHECK(pair_cosine(*kernels, {}, {}, Head(19)).empty());
}
