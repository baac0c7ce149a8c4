#include "kernels/cuda/pair_cosine.hpp"

#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

using namespace reranker::kernels::cuda;
using namespace reranker::kernels::cuda::test;

namespace {

struct Head {
  Numbers head;
  double bias;
  double cosine_scale;
};

Head random_head(std::int64_t dim) {
  return {rounded(random_numbers(dim, 1), Type::fp32), -0.375, 12.5};
}

/// A sequence's tokens, and how many of them are of type 0.
struct Lengths {
  std::int32_t all;
  std::int32_t type_1_begins;
};

std::vector<float> logits(const Numbers& x, const std::vector<Lengths>& sequences,
                          const Head& head) {
  const auto dim = static_cast<std::int32_t>(head.head.size());
  std::vector<std::int32_t> offsets = {0}, type_1_begins;
  for (const Lengths& lengths : sequences) {
    offsets.push_back(offsets.back() + lengths.all);
    type_1_begins.push_back(lengths.type_1_begins);
  }
  const DeviceArray<unsigned char> rows(store(x, Type::fp32)), last(store(head.head, Type::fp32)),
      bias(store({head.bias}, Type::fp32)), scale(store({head.cosine_scale}, Type::fp32));
  const DeviceArray<std::int32_t> ends(offsets), begins(type_1_begins);
  const DeviceArray<float> out(sequences.size()),
      scratch(sequences.size() * static_cast<std::size_t>(4 * pair_cosine_parts(dim)));
  const auto floats = [](const DeviceArray<unsigned char>& array) {
    return reinterpret_cast<const float*>(array.get());
  };
  REQUIRE(pair_cosine(
              {out.get(), scratch.get(), floats(rows), floats(last), floats(bias), floats(scale),
               ends.get(), begins.get(), static_cast<std::int32_t>(sequences.size()), dim},
              nullptr) == kSuccess);
  return out.read();
}

Numbers mean(const Numbers& x, std::size_t dim, std::size_t begin, std::size_t end) {
  Numbers sum(dim, 0.0);
  for (std::size_t t = begin; t < end; ++t)
    for (std::size_t i = 0; i < dim; ++i)
      sum[i] += x[t * dim + i] / static_cast<double>(end - begin);
  return sum;
}

double dot(const Numbers& a, const Numbers& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double expected_logit(const Numbers& x, std::int32_t type_1_begins, const Head& head) {
  const std::size_t dim = head.head.size();
  const std::size_t tokens = x.size() / dim;
  const std::size_t middle = std::min(tokens, static_cast<std::size_t>(type_1_begins));
  const Numbers a = mean(x, dim, 0, middle);
  const Numbers b = mean(x, dim, middle, tokens);
  const auto norm = [](const Numbers& v) { return std::max(std::sqrt(dot(v, v)), 1e-8); };
  return dot(mean(x, dim, 0, tokens), head.head) + head.bias +
         head.cosine_scale * dot(a, b) / (norm(a) * norm(b));
}

/// Sum of what the products of a logit may be, to hold an error against.
double size_of(const Numbers& x, const Head& head) {
  const Numbers m = mean(x, head.head.size(), 0, x.size() / head.head.size());
  return std::sqrt(dot(m, m) * dot(head.head, head.head)) + std::fabs(head.cosine_scale);
}

}  // namespace

TEST_CASE("pair_cosine on a device agrees with its formula", "[pair_cosine]") {
  const auto dim = GENERATE(8, 32, 136, 384, 1024);
  // Small beside what both texts have in common, and nothing in common.
  const auto offset = GENERATE(0.0, 30.0);
  const std::vector<Lengths> sequences = {{1, 1}, {19, 5},    {0, 0},    {2, 1}, {111, 111},
                                          {7, 0}, {257, 100}, {40, 900}, {0, 3}, {3, 2}};
  std::int64_t tokens = 0;
  for (const Lengths& lengths : sequences) tokens += lengths.all;
  Numbers x = random_numbers(tokens * dim, 2);
  for (double& v : x) v += offset;
  x = rounded(x, Type::fp32);
  const Head head = random_head(dim);

  const std::vector<float> found = logits(x, sequences, head);

  std::int64_t begin = 0;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    const Numbers rows(x.begin() + begin * dim, x.begin() + (begin + sequences[s].all) * dim);
    begin += sequences[s].all;
    if (rows.empty()) {
      CHECK(found[s] == 0.0f);
      continue;
    }
    INFO(dim << " " << offset << " " << s);
    CHECK(std::fabs(found[s] - expected_logit(rows, sequences[s].type_1_begins, head)) <=
          1e-6 * size_of(rows, head));
  }
}

TEST_CASE("pair_cosine on a device gives rows of zeros no cosine", "[pair_cosine]") {
  constexpr std::int64_t kDim = 40;
  const Head head = random_head(kDim);
  Numbers x = random_numbers(4 * kDim, 3);
  std::fill_n(x.begin(), 2 * kDim, 0.0);
  x = rounded(x, Type::fp32);

  const float found = logits(x, {{4, 2}}, head)[0];

  CHECK(std::fabs(found - (dot(mean(x, kDim, 0, 4), head.head) + head.bias)) <= 1e-5);
}

TEST_CASE("pair_cosine on a device gives a sequence the same bits wherever it stands",
          "[pair_cosine]") {
  const auto dim = GENERATE(40, 384);
  const Lengths lengths = {130, 31};
  const Head head = random_head(dim);
  const Numbers x = random_numbers(lengths.all * dim, 4);
  Numbers all(static_cast<std::size_t>(3 * dim), std::nan(""));
  all.insert(all.end(), x.begin(), x.end());
  all.insert(all.end(), static_cast<std::size_t>(6 * dim), std::nan(""));

  const std::vector<float> found = logits(all, {{3, 1}, lengths, {2, 2}}, head);

  CHECK(std::isnan(found[0]));
  CHECK(found[1] == logits(x, {lengths}, head)[0]);
  CHECK(std::isnan(found[2]));
}

TEST_CASE("pair_cosine on a device does nothing with no sequences", "[pair_cosine]") {
  CHECK(pair_cosine({nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 64},
                    nullptr) == kSuccess);
}
