#include "tests/kernels/int8_tables.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

/// The definition, in double.
Matrix brute_force(const std::vector<float>& x, std::int64_t dim) {
  const std::int64_t b = rotation_block(dim);
  Matrix turn(b, b);
  for (std::int64_t i = 0; i < b; ++i)
    for (std::int64_t j = 0; j < b; ++j)
      turn(i, j) =
          (__builtin_popcountll(static_cast<unsigned long long>(i & j)) % 2 == 0 ? 1 : -1) /
          std::sqrt(static_cast<double>(b));
  const auto blocks = as_matrix(x, static_cast<std::int64_t>(x.size()) / b, b).cast<double>();
  return blocks * turn;
}

}  // namespace

TEST_CASE("a rotation's block is a power of 4 that divides the row", "[rotate]") {
  CHECK(rotation_block(1) == 1);
  CHECK(rotation_block(2) == 1);
  CHECK(rotation_block(12) == 4);
  CHECK(rotation_block(257) == 1);
  CHECK(rotation_block(576) == 64);
  CHECK(rotation_block(1536) == 256);
  CHECK(rotation_block(8192) == 256);
}

TEST_CASE("rotate_rows agrees with its definition", "[rotate]") {
  const std::int64_t dim = GENERATE(1, 19, 4, 12, 48, 64, 111, 576, 257, 768, 2048);
  const auto x = random_floats(7 * dim, 1);
  for (const CpuKernels* kernels : all_tables())
    CHECK(error(rotate(*kernels, x, dim), brute_force(x, dim)) < kTolerance);
}

TEST_CASE("rotate_rows has the same bits on every instruction set, from every type",
          "[rotate][isa]") {
  const std::int64_t dim = GENERATE(1, 19, 12, 80, 64, 111, 576, 768);
  const std::int64_t rows = GENERATE(1, 7);
  const auto bf16 = random_bf16(rows * dim, 2);
  const auto fp16 = random_fp16(rows * dim, 3);
  const auto fp32 = random_floats(rows * dim, 4);
  const auto rotated = [&](const CpuKernels& kernels, WeightType type, const void* from) {
    std::vector<float> out(static_cast<std::size_t>(rows * dim), NAN);
    kernels.rotate_rows({out.data(), from, type, rows, dim});
    return out;
  };
  for (const CpuKernels* kernels : fast_tables()) {
    const auto same = [&](WeightType type, const void* from) {
      return same_bits(rotated(*kernels, type, from), rotated(generic_kernels(), type, from));
    };
    CHECK(same(WeightType::bf16, bf16.data()));
    CHECK(same(WeightType::fp16, fp16.data()));
    CHECK(same(WeightType::fp32, fp32.data()));
  }
}

TEST_CASE("rotating twice gives the row again", "[rotate]") {
  const auto x = random_floats(3 * 576, 5);
  for (const CpuKernels* kernels : all_tables()) {
    const auto again = rotate(*kernels, rotate(*kernels, x, 576), 576);
    CHECK(error(again, as_matrix(x, 3, 576).cast<double>()) < kTolerance);
  }
}

TEST_CASE("a rotation spreads one large value over its block", "[rotate]") {
  std::vector<float> x(512, 0.0f);
  x[300] = 16.0f;
  const auto y = rotate(generic_kernels(), x, 512);
  for (std::size_t i = 0; i < 512; ++i) CHECK(std::abs(y[i]) == (i < 256 ? 0.0f : 1.0f));
}
