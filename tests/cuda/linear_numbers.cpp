#include "kernels/cuda/linear_numbers.hpp"

#include "support/catch.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

constexpr std::int64_t kRows = 24;

// fp32 sums of a product's terms in some orders that kernels have.
float in_a_chain(const std::vector<float>& terms) {
  float sum = 0.0f;
  for (const float term : terms) sum += term;
  return sum;
}

/// `slices` chains, of neighbouring terms or of every so many, then their sum.
float in_slices(const std::vector<float>& terms, std::size_t slices, bool interleaved) {
  std::vector<float> sums(slices);
  for (std::size_t i = 0; i < terms.size(); ++i)
    sums[interleaved ? i % slices : i * slices / terms.size()] += terms[i];
  return in_a_chain(sums);
}

std::vector<float> terms_of(const Numbers& x, const Numbers& weight) {
  std::vector<float> terms;
  for (std::size_t i = 0; i < x.size(); ++i) terms.push_back(static_cast<float>(x[i] * weight[i]));
  return terms;
}

}  // namespace

TEST_CASE("nearly every product of mirrored rows tells two orders of summation apart", "[linear]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16, Type::e4m3);
  const auto k = GENERATE(384, 1536, 2048);
  const Numbers x = load(mirrored_rows(type, kRows, k, true, 1), type);
  const Numbers weight = load(mirrored_rows(type, kRows, k, false, 2), type);
  const Type stored = type == Type::e4m3 ? Type::bf16 : type;

  int halves = 0, fours = 0, interleaved = 0;
  for (std::int64_t i = 0; i < kRows; ++i)
    for (std::int64_t j = 0; j < kRows; ++j) {
      const auto terms = terms_of(row_of(x, i, k), row_of(weight, j, k));
      const double chain = rounded(in_a_chain(terms), stored);
      halves += chain != rounded(in_slices(terms, 2, false), stored);
      fours += chain != rounded(in_slices(terms, 4, false), stored);
      interleaved += chain != rounded(in_slices(terms, 2, true), stored);
    }

  INFO(name(type) << ", k " << k);
  constexpr int kMost = kRows * kRows * 9 / 10;
  CHECK(halves >= kMost);
  CHECK(fours >= kMost);
  CHECK(interleaved >= kMost);
}

TEST_CASE("mirrored rows are finite and of both signs", "[linear]") {
  const auto type = GENERATE(Type::fp32, Type::bf16, Type::fp16, Type::e4m3);
  const Numbers x = load(mirrored_rows(type, kRows, 2048, true, 3), type);

  INFO(name(type));
  CHECK(std::all_of(x.begin(), x.end(), [](double v) { return std::isfinite(v); }));
  CHECK(std::count_if(x.begin(), x.end(), [](double v) { return std::signbit(v); }) ==
        kRows * 1024);
}
