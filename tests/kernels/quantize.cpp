#include "tests/kernels/int8_tables.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

Codes rms_norm_quantize(const CpuKernels& kernels, const std::vector<float>& x,
                        const std::vector<float>& weight, int num_threads = 1) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  Codes to = unwritten_codes(tokens, dim);
  run({to.codes.data(), to.scales.data(), x.data(), weight.data(), tokens, dim, 1e-5f},
      kernels.plan_rms_norm_quantize, kernels.rms_norm_quantize, num_threads);
  return to;
}

std::vector<float> rms_norm(const CpuKernels& kernels, std::vector<float> x,
                            const std::vector<float>& weight) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  const auto tokens = static_cast<std::int64_t>(x.size()) / dim;
  run({x.data(), x.data(), weight.data(), tokens, dim, 1e-5f}, kernels.plan_rms_norm,
      kernels.rms_norm);
  return x;
}

}  // namespace

TEST_CASE("quantize rounds to the nearest code, ties to the even one", "[quantize]") {
  // The largest is 127, so that scales are 1; 128 stands for zero, also after the row's end.
  const std::vector<float> x{127, -127, 63.5f, 0.5f, 1.5f, -0.5f, -0.51f, 0, -0.0f};
  std::vector<std::uint8_t> expected{255, 1, 192, 128, 130, 128, 127};
  expected.resize(64, 128);
  for (const CpuKernels* kernels : all_tables()) {
    const Codes q = quantize(*kernels, x, 9);
    CHECK(q.codes == expected);
    CHECK(q.scales[0] == 1.0f);
  }
}

TEST_CASE("quantize keeps rotated values to half a scale", "[quantize]") {
  const std::int64_t dim = GENERATE(1, 19, 111, 257, 576, 2048);
  const float size = GENERATE(1e-25f, 1.0f, 1e25f);
  const auto x = random_floats(19 * dim, 1, size);
  const auto rotated = rotate(generic_kernels(), x, dim);
  for (const CpuKernels* kernels : all_tables()) {
    const Codes q = quantize(*kernels, x, dim);
    double worst = 0;
    for (std::int64_t t = 0; t < 19; ++t)
      for (std::int64_t i = 0; i < dim; ++i) {
        const double scale = q.scales[static_cast<std::size_t>(t)];
        const int code = q.codes[static_cast<std::size_t>(t * int8_stride(dim) + i)];
        worst = larger_error(
            worst, std::abs((code - 128) * scale - rotated[static_cast<std::size_t>(t * dim + i)]) /
                       scale);
      }
    CHECK(worst < 0.50002);
  }
}

TEST_CASE("quantize has the same bits on every instruction set, for any cut into tasks",
          "[quantize][isa]") {
  const std::int64_t dim = GENERATE(1, 15, 16, 19, 111, 257, 312, 384, 2048);
  const std::int64_t tokens = GENERATE(1, 19, 111);
  const auto x = random_floats(tokens * dim, 2, 30.0f);
  const auto weight = random_floats(dim, 3);
  const Codes expected = quantize(generic_kernels(), x, dim, 3);
  const Codes normed = rms_norm_quantize(generic_kernels(), x, weight, 3);
  for (const CpuKernels* kernels : fast_tables())
    for (const int num_threads : {1, 2, 7}) {
      CHECK(same_bits(quantize(*kernels, x, dim, num_threads), expected));
      CHECK(same_bits(rms_norm_quantize(*kernels, x, weight, num_threads), normed));
    }
}

TEST_CASE("quantize gives a row the same codes among any others", "[quantize]") {
  for (const CpuKernels* kernels : all_tables()) {
    const auto x = random_floats(40 * 111, 4);
    const Codes together = quantize(*kernels, x, 111);
    const Codes alone = quantize(*kernels, {x.begin() + 17 * 111, x.begin() + 18 * 111}, 111);
    CHECK(std::equal(alone.codes.begin(), alone.codes.end(),
                     together.codes.begin() + 17 * int8_stride(111)));
    CHECK(alone.scales[0] == together.scales[17]);
  }
}

TEST_CASE("quantize keeps rows of zeros and of tiny values finite", "[quantize]") {
  for (const CpuKernels* kernels : all_tables()) {
    const Codes zeros = quantize(*kernels, {0, 0, -0.0f}, 3);
    CHECK(zeros.codes == std::vector<std::uint8_t>(64, 128));
    CHECK(zeros.scales[0] == 0x1p-100f / 127);

    const Codes tiny = quantize(*kernels, {0x1p-149f, -0x1p-102f, 0x1p-100f}, 3);
    CHECK(tiny.codes[0] == 128);
    CHECK(tiny.codes[1] == 128 - 32);
    CHECK(tiny.codes[2] == 255);
    CHECK(tiny.scales[0] == 0x1p-100f / 127);
  }
}

TEST_CASE("quantize shows an infinity or a NaN in the scale of its row alone", "[quantize]") {
  for (const CpuKernels* kernels : all_tables()) {
    const Codes q = quantize(*kernels, {1, INFINITY, 1, 2, NAN, INFINITY, -4, 2}, 2);
    CHECK(q.scales[0] == INFINITY);
    CHECK(q.scales[1] == 2.0f / 127);
    CHECK(std::isnan(q.scales[2]));
    CHECK(q.scales[3] == 4.0f / 127);
    CHECK(q.codes[0] == 128);
    CHECK(q.codes[1] == 128);
    CHECK(q.codes[64] == 128 + 64);
    CHECK(q.codes[128] == 128);
    CHECK(q.codes[129] == 128);
    CHECK(q.codes[192] == 1);
  }
}

TEST_CASE("rms_norm_quantize has the bits of rms_norm and then quantize", "[quantize]") {
  const std::int64_t dim = GENERATE(1, 19, 257, 2048);
  const auto x = random_floats(19 * dim, 5, 50.0f);
  const auto weight = random_floats(dim, 6);
  for (const CpuKernels* kernels : all_tables())
    CHECK(same_bits(rms_norm_quantize(*kernels, x, weight),
                    quantize(*kernels, rms_norm(*kernels, x, weight), dim)));
}
