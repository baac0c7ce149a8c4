#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

constexpr float kEps = 1e-12f;  // BERT's

struct Norm {
  std::vector<float> weight;
  std::vector<float> bias;

  explicit Norm(std::int64_t size) : weight(random_floats(size, 1)), bias(random_floats(size, 2)) {}
  std::int64_t dim() const { return static_cast<std::int64_t>(weight.size()); }
};

/// In place.
std::vector<float> layer_norm(const CpuKernels& kernels, std::vector<float> x, const Norm& norm,
                              int num_threads = 1) {
  const auto tokens = static_cast<std::int64_t>(x.size()) / norm.dim();
  run({x.data(), x.data(), norm.weight.data(), norm.bias.data(), tokens, norm.dim(), kEps},
      kernels.plan_layer_norm, kernels.layer_norm, num_threads);
  return x;
}

Matrix exact_layer_norm(const std::vector<float>& x, const Norm& norm) {
  const std::int64_t dim = norm.dim();
  Matrix y = as_matrix(x, static_cast<std::int64_t>(x.size()) / dim, dim).cast<double>();
  const Matrix weight = as_matrix(norm.weight, 1, dim).cast<double>();
  const Matrix bias = as_matrix(norm.bias, 1, dim).cast<double>();
  for (std::int64_t t = 0; t < y.rows(); ++t) {
    const Matrix d = y.row(t).array() - y.row(t).mean();
    const double r = 1.0 / std::sqrt(d.squaredNorm() / static_cast<double>(dim) + kEps);
    y.row(t) = (d * r).cwiseProduct(weight) + bias;
  }
  return y;
}

}  // namespace

TEST_CASE("layer_norm agrees with double", "[layer_norm]") {
  const std::int64_t dim = GENERATE(1, 19, 111, 257, 384, 2048);
  const Norm norm(dim);
  const auto x = random_floats(19 * dim, 3, 50.0f);
  CHECK(error(layer_norm(generic_kernels(), x, norm), exact_layer_norm(x, norm)) < kTolerance);
}

TEST_CASE("layer_norm keeps the digits of rows far from zero", "[layer_norm]") {
  const Norm norm(257);
  auto x = random_floats(19 * 257, 4);
  for (float& v : x) v += 1000.0f;
  CHECK(error(layer_norm(generic_kernels(), x, norm), exact_layer_norm(x, norm)) < 1e-4);
}

TEST_CASE("layer_norm has the same bits on every instruction set, for any cut into tasks",
          "[layer_norm][isa]") {
  const std::int64_t dim = GENERATE(1, 7, 8, 9, 15, 16, 17, 19, 24, 25, 111, 257, 384);
  const std::int64_t tokens = GENERATE(1, 19, 111);
  const Norm norm(dim);
  const auto x = random_floats(tokens * dim, 5);
  const auto expected = layer_norm(generic_kernels(), x, norm);
  for (const CpuKernels* kernels : other_tables())
    for (const int num_threads : {1, 2, 64})
      CHECK(same_bits(layer_norm(*kernels, x, norm, num_threads), expected));
}

TEST_CASE("layer_norm gives the same bits beside x as in its place", "[layer_norm]") {
  const Norm norm(111);
  const auto x = random_floats(40 * 111, 6);
  for (const CpuKernels* kernels : all_tables()) {
    std::vector<float> out(x.size(), NAN);
    run({out.data(), x.data(), norm.weight.data(), norm.bias.data(), 40, 111, kEps},
        kernels->plan_layer_norm, kernels->layer_norm, 3);
    CHECK(same_bits(out, layer_norm(*kernels, x, norm)));
  }
}

TEST_CASE("layer_norm of a row of one value is the bias", "[layer_norm]") {
  const Norm norm(19);
  for (const CpuKernels* kernels : all_tables())
    CHECK(layer_norm(*kernels, std::vector<float>(19, 0.5f), norm) == norm.bias);
}

TEST_CASE("layer_norm of no tokens does nothing", "[layer_norm]") {
  for (const CpuKernels* kernels : all_tables()) CHECK(layer_norm(*kernels, {}, Norm(19)).empty());
}
