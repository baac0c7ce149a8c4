#include "tests/kernels/attention_support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

std::vector<float> attention(const CpuKernels& kernels, const std::vector<float>& qkv,
                             const std::vector<int>& lengths, const Heads& heads,
                             int num_threads = 1) {
  return attend(kernels.attention, qkv, lengths, heads, num_threads);
}

}  // namespace

TEST_CASE("attention agrees with double at every awkward length", "[attention]") {
  const int length = GENERATE(1, 2, 15, 16, 17, 111, 255, 256, 257, 513);
  const auto heads = GENERATE(from_range(std::begin(kHeads), std::end(kHeads)));
  const auto qkv = random_qkv(length, heads, 1);
  const auto expected = exact_attention(qkv, length, heads);
  CHECK(error(attention(generic_kernels(), qkv, {length}, heads), expected) < kAttentionTolerance);
}

TEST_CASE("attention has the same bits on every instruction set", "[attention][isa]") {
  const int length = GENERATE(1, 2, 15, 16, 17, 111, 255, 257, 511, 512, 513);
  const auto heads = GENERATE(from_range(std::begin(kHeads), std::end(kHeads)));
  const auto qkv = random_qkv(length, heads, 2);
  const auto expected = attention(generic_kernels(), qkv, {length}, heads);
  for (const CpuKernels* kernels : other_tables())
    CHECK(same_bits(attention(*kernels, qkv, {length}, heads), expected));
}

TEST_CASE("attention has room for wide heads and for large groups of them", "[attention][isa]") {
  const int length = GENERATE(1, 17, 257);
  const auto heads = GENERATE(from_range(std::begin(kWideHeads), std::end(kWideHeads)));
  const auto qkv = random_qkv(length, heads, 8);
  const auto expected = attention(generic_kernels(), qkv, {length}, heads);
  CHECK(error(expected, exact_attention(qkv, length, heads)) < kAttentionTolerance);
  for (const CpuKernels* kernels : other_tables())
    CHECK(same_bits(attention(*kernels, qkv, {length}, heads), expected));
}

TEST_CASE("attention holds at a length of many blocks", "[attention][isa]") {
  const Heads heads{4, 1, 64};
  const auto qkv = random_qkv(1500, heads, 3);
  const auto expected = exact_attention(qkv, 1500, heads);
  for (const CpuKernels* kernels : fast_tables())
    CHECK(error(attention(*kernels, qkv, {1500}, heads), expected) < kAttentionTolerance);
  const Heads one{1, 1, 16};
  const auto small = random_qkv(1500, one, 3);
  for (const CpuKernels* kernels : other_tables())
    CHECK(same_bits(attention(*kernels, small, {1500}, one),
                    attention(generic_kernels(), small, {1500}, one)));
}

TEST_CASE("attention gives a sequence the same bits alone and in any batch", "[attention]") {
  const Heads heads{4, 2, 20};
  const std::vector<int> lengths{19, 1, 300, 0, 16, 111, 2};
  const auto offsets = offsets_of(lengths);
  const auto qkv = random_qkv(offsets.back(), heads, 4);
  for (const CpuKernels* kernels : all_tables()) {
    const auto together = attention(*kernels, qkv, lengths, heads, 5);
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      const auto row = heads.row_floats();
      const auto out_row = heads.num_heads * heads.dim;
      const std::vector<float> alone(qkv.begin() + offsets[s] * row,
                                     qkv.begin() + offsets[s + 1] * row);
      const std::vector<float> same(together.begin() + offsets[s] * out_row,
                                    together.begin() + offsets[s + 1] * out_row);
      CHECK(same_bits(attention(*kernels, alone, {lengths[s]}, heads), same));
    }
  }
}

TEST_CASE("attention of a sequence's first queries has their bits and leaves other rows",
          "[attention][isa]") {
  const auto heads = GENERATE(from_range(std::begin(kHeads), std::end(kHeads)));
  const int num_queries = GENERATE(1, 2, 19, 256, 257);
  const std::vector<int> lengths{19, 1, 300, 0, 2, 257};
  const auto offsets = offsets_of(lengths);
  const auto qkv = random_qkv(offsets.back(), heads, 7);
  for (const CpuKernels* kernels : all_tables()) {
    const auto all = attention(*kernels, qkv, lengths, heads);
    CHECK(same_bits(attend(kernels->attention, qkv, lengths, heads, 3, num_queries),
                    first_alone(all, lengths, heads, num_queries)));
  }
}

TEST_CASE("attention stays exact where scores are large", "[attention]") {
  const Heads heads{2, 1, 64};
  const auto qkv = random_qkv(300, heads, 5, 30.0f);  // scores of a few thousand
  const auto expected = exact_attention(qkv, 300, heads);
  const auto actual = attention(generic_kernels(), qkv, {300}, heads);
  CHECK(error(actual, expected) < kLargeLogitsTolerance);
  for (const CpuKernels* kernels : other_tables())
    CHECK(same_bits(attention(*kernels, qkv, {300}, heads), actual));
}

TEST_CASE("attention over equal keys is the mean of the values", "[attention]") {
  const Heads heads{1, 1, 4};
  const std::vector<float> qkv{1, 1, 1, 1, 0, 0, 0, 0, 1, 2, 3, 4,  //
                               5, 5, 5, 5, 0, 0, 0, 0, 3, 4, 5, 6};
  for (const CpuKernels* kernels : all_tables())
    CHECK(attention(*kernels, qkv, {2}, heads) == std::vector<float>{2, 3, 4, 5, 2, 3, 4, 5});
}

TEST_CASE("attention lets NaN of a key through to its own sequence alone", "[attention]") {
  const Heads heads{1, 1, 16};
  auto qkv = random_qkv(40, heads, 6);
  qkv[static_cast<std::size_t>(3 * heads.row_floats() + 16)] = NAN;  // a key of the first sequence
  for (const CpuKernels* kernels : all_tables()) {
    const auto out = attention(*kernels, qkv, {20, 20}, heads);
    CHECK(std::isnan(out[0]));
    CHECK(std::isnan(out[19 * 16]));
    CHECK(std::isfinite(out[20 * 16]));
    CHECK(std::isfinite(out[39 * 16]));
  }
}

TEST_CASE("attention's memory is linear in tokens and does not depend on threads", "[attention]") {
  for (const CpuKernels* kernels : all_tables()) {
    AttentionArgs args{};
    args.num_heads = 32;
    args.num_kv_heads = 8;
    args.head_dim = 64;
    args.num_sequences = 1;
    args.num_tokens = 8192;
    const std::size_t one = kernels->attention.packed_bytes(args);
    args.num_tokens = 16384;
    CHECK(kernels->attention.packed_bytes(args) <= 2 * one);
    CHECK(kernels->attention.plan(args, 1).scratch_bytes ==
          kernels->attention.plan(args, 64).scratch_bytes);
  }
}
