#include "tests/kernels/attention_support.hpp"
#include "tests/kernels/bf16_tables.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

// Probabilities and rounded numbers have 8 bits.
constexpr double kBf16Tolerance = 0x1p-7;

std::vector<float> attention(const CpuKernels& kernels, const std::vector<float>& qkv,
                             const std::vector<int>& lengths, const Heads& heads,
                             int num_threads = 1) {
  return attend(kernels.attention_bf16, qkv, lengths, heads, num_threads);
}

std::vector<float> rounded(std::vector<float> x) {
  const auto words = round_bf16(generic_kernels(), x, static_cast<std::int64_t>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = from_bf16(words[i]);
  return x;
}

}  // namespace

TEST_CASE("attention_bf16 agrees with double to bf16's digits at every awkward length",
          "[attention_bf16]") {
  const int length = GENERATE(1, 2, 15, 16, 17, 111, 255, 256, 257, 513);
  const auto heads = GENERATE(from_range(std::begin(kHeads), std::end(kHeads)));
  const auto qkv = random_qkv(length, heads, 1);
  const auto expected = exact_attention(qkv, length, heads);
  CHECK(error(attention(generic_kernels(), qkv, {length}, heads), expected) < kBf16Tolerance);
}

TEST_CASE("attention_bf16 of one token is its value in bf16", "[attention_bf16]") {
  // The only probability is 1, so nothing but the rounding of the value is left.
  const Heads heads{1, 1, 19};
  const auto qkv = random_qkv(1, heads, 2);
  const std::vector<float> value(qkv.begin() + 38, qkv.end());
  for (const CpuKernels* kernels : all_bf16_tables())
    CHECK(same_bits(attention(*kernels, qkv, {1}, heads), rounded(value)));
}

TEST_CASE("attention_bf16 has the same bits on every instruction set", "[attention_bf16][isa]") {
  const int length = GENERATE(1, 2, 15, 16, 17, 31, 32, 33, 111, 255, 257, 511, 512, 513);
  const auto heads = GENERATE(from_range(std::begin(kHeads), std::end(kHeads)));
  const auto qkv = random_qkv(length, heads, 3);
  const auto expected = attention(generic_kernels(), qkv, {length}, heads);
  for (const CpuKernels* kernels : fast_bf16_tables())
    CHECK(same_bits(attention(*kernels, qkv, {length}, heads), expected));
}

TEST_CASE("attention_bf16 has room for wide heads and for large groups of them",
          "[attention_bf16][isa]") {
  const int length = GENERATE(1, 17, 257);
  const auto heads = GENERATE(from_range(std::begin(kWideHeads), std::end(kWideHeads)));
  const auto qkv = random_qkv(length, heads, 8);
  const auto expected = attention(generic_kernels(), qkv, {length}, heads);
  CHECK(error(expected, exact_attention(qkv, length, heads)) < kBf16Tolerance);
  for (const CpuKernels* kernels : fast_bf16_tables())
    CHECK(same_bits(attention(*kernels, qkv, {length}, heads), expected));
}

TEST_CASE("attention_bf16 of a sequence's first queries has their bits and leaves other rows",
          "[attention_bf16][isa]") {
  const auto heads = GENERATE(from_range(std::begin(kHeads), std::end(kHeads)));
  const int num_queries = GENERATE(1, 2, 19);
  const std::vector<int> lengths{19, 1, 33, 0, 2, 257};
  const auto qkv = random_qkv(offsets_of(lengths).back(), heads, 7);
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const auto all = attention(*kernels, qkv, lengths, heads);
    CHECK(same_bits(attend(kernels->attention_bf16, qkv, lengths, heads, 3, num_queries),
                    first_alone(all, lengths, heads, num_queries)));
  }
}

TEST_CASE("attention_bf16 has the same bits where scores are large", "[attention_bf16][isa]") {
  const Heads heads{2, 1, 64};
  const auto qkv = random_qkv(300, heads, 4, 30.0f);
  const auto expected = attention(generic_kernels(), qkv, {300}, heads);
  for (const CpuKernels* kernels : fast_bf16_tables())
    CHECK(same_bits(attention(*kernels, qkv, {300}, heads), expected));
}

TEST_CASE("attention_bf16 gives a sequence the same bits alone and in any batch",
          "[attention_bf16]") {
  const Heads heads{4, 2, 20};
  const std::vector<int> lengths{19, 1, 300, 0, 16, 111, 2};
  const auto offsets = offsets_of(lengths);
  const auto qkv = random_qkv(offsets.back(), heads, 5);
  const auto row = heads.row_floats();
  const auto out_row = heads.num_heads * heads.dim;
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const auto together = attention(*kernels, qkv, lengths, heads, 5);
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      const std::vector<float> alone(qkv.begin() + offsets[s] * row,
                                     qkv.begin() + offsets[s + 1] * row);
      const std::vector<float> same(together.begin() + offsets[s] * out_row,
                                    together.begin() + offsets[s + 1] * out_row);
      CHECK(same_bits(attention(*kernels, alone, {lengths[s]}, heads), same));
    }
  }
}

TEST_CASE("attention_bf16 lets NaN of a value through to its own sequence alone",
          "[attention_bf16]") {
  const Heads heads{1, 1, 16};
  auto qkv = random_qkv(40, heads, 6);
  qkv[static_cast<std::size_t>(3 * heads.row_floats() + 32)] = NAN;  // column 0 of a value
  for (const CpuKernels* kernels : all_bf16_tables()) {
    const auto out = attention(*kernels, qkv, {20, 20}, heads);
    CHECK(std::isnan(out[0]));
    CHECK(std::isfinite(out[1]));
    CHECK(std::isfinite(out[20 * 16]));
  }
}
