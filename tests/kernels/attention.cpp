#include "tests/kernels/support.hpp"

using namespace reranker::kernels;
using namespace reranker::kernels::test;

namespace {

struct Heads {
  std::int64_t num_heads;
  std::int64_t num_kv_heads;
  std::int64_t dim;
  std::int64_t row_floats() const { return (num_heads + 2 * num_kv_heads) * dim; }
};

std::vector<float> attention(const CpuKernels& kernels, const std::vector<float>& qkv,
                             const std::vector<int>& lengths, const Heads& heads,
                             int num_threads = 1) {
  const auto offsets = offsets_of(lengths);
  AttentionArgs args{};
  args.num_tokens = offsets.back();
  args.num_sequences = static_cast<std::int64_t>(lengths.size());
  args.num_heads = heads.num_heads;
  args.num_kv_heads = heads.num_kv_heads;
  args.head_dim = heads.dim;
  std::vector<float> out(static_cast<std::size_t>(args.num_tokens * heads.num_heads * heads.dim),
                         NAN);
  const Buffer packed(kernels.attention_packed_bytes(args));
  args.out = out.data();
  args.qkv = qkv.data();
  args.offsets = offsets.data();
  args.packed = packed.data();
  run(args, kernels.plan_attention_pack, kernels.attention_pack, num_threads);
  run(args, kernels.plan_attention, kernels.attention, num_threads);
  return out;
}

/// One sequence, by the book, with the (T, T) matrix.
Matrix exact_attention(const std::vector<float>& qkv, std::int64_t tokens, const Heads& h) {
  const Matrix rows = as_matrix(qkv, tokens, h.row_floats()).cast<double>();
  Matrix out(tokens, h.num_heads * h.dim);
  for (std::int64_t head = 0; head < h.num_heads; ++head) {
    const std::int64_t kv = head / (h.num_heads / h.num_kv_heads);
    const auto q = rows.middleCols(head * h.dim, h.dim);
    const auto k = rows.middleCols((h.num_heads + kv) * h.dim, h.dim);
    const auto v = rows.middleCols((h.num_heads + h.num_kv_heads + kv) * h.dim, h.dim);
    Matrix p = product(q, k.transpose()) / std::sqrt(static_cast<double>(h.dim));
    for (std::int64_t t = 0; t < tokens; ++t) {
      p.row(t) = (p.row(t).array() - p.row(t).maxCoeff()).exp();
      p.row(t) /= p.row(t).sum();
    }
    out.middleCols(head * h.dim, h.dim) = product(p, v);
  }
  return out;
}

std::vector<float> random_qkv(std::int64_t tokens, const Heads& heads, unsigned seed,
                              float scale = 2.0f) {
  return random_floats(tokens * heads.row_floats(), seed, scale);
}

const Heads kHeads[] = {{2, 1, 64}, {4, 4, 32}, {3, 1, 80}, {2, 2, 19}, {1, 1, 128}, {2, 1, 1}};

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
    const std::size_t one = kernels->attention_packed_bytes(args);
    args.num_tokens = 16384;
    CHECK(kernels->attention_packed_bytes(args) <= 2 * one);
    CHECK(kernels->plan_attention(args, 1).scratch_bytes ==
          kernels->plan_attention(args, 64).scratch_bytes);
  }
}
