#pragma once

#include "tests/kernels/support.hpp"

namespace reranker::kernels::test {

struct Heads {
  std::int64_t num_heads;
  std::int64_t num_kv_heads;
  std::int64_t dim;
  std::int64_t row_floats() const { return (num_heads + 2 * num_kv_heads) * dim; }
};

inline std::vector<float> attend(const AttentionKernels& kernels, const std::vector<float>& qkv,
                                 const std::vector<int>& lengths, const Heads& heads,
                                 int num_threads = 1, std::int64_t num_queries = kAllQueries) {
  const auto offsets = offsets_of(lengths);
  AttentionArgs args{};
  args.num_tokens = offsets.back();
  args.num_sequences = static_cast<std::int64_t>(lengths.size());
  args.num_heads = heads.num_heads;
  args.num_kv_heads = heads.num_kv_heads;
  args.head_dim = heads.dim;
  args.num_queries = num_queries;
  std::vector<float> out(static_cast<std::size_t>(args.num_tokens * heads.num_heads * heads.dim),
                         NAN);
  const Buffer packed(kernels.packed_bytes(args));
  args.out = out.data();
  args.qkv = qkv.data();
  args.offsets = offsets.data();
  args.packed = packed.data();
  run(args, kernels.plan_pack, kernels.pack, num_threads);
  run(args, kernels.plan, kernels.run, num_threads);
  return out;
}

/// What attention of all queries gives, with rows beyond a sequence's first `num_queries` NaN.
inline std::vector<float> first_alone(const std::vector<float>& all,
                                      const std::vector<int>& lengths, const Heads& heads,
                                      int num_queries) {
  const auto offsets = offsets_of(lengths);
  std::vector<float> first(all.size(), NAN);
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    const std::int64_t width = heads.num_heads * heads.dim;
    const std::int64_t begin = offsets[s] * width;
    const std::int64_t end = begin + std::min(lengths[s], num_queries) * width;
    std::copy(all.begin() + begin, all.begin() + end, first.begin() + begin);
  }
  return first;
}

/// One sequence, by the book, with the (T, T) matrix.
inline Matrix exact_attention(const std::vector<float>& qkv, std::int64_t tokens, const Heads& h) {
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

inline std::vector<float> random_qkv(std::int64_t tokens, const Heads& heads, unsigned seed,
                                     float scale = 2.0f) {
  return random_floats(tokens * heads.row_floats(), seed, scale);
}

inline const Heads kHeads[] = {{2, 1, 64}, {4, 4, 32},  {3, 1, 80},
                               {2, 2, 19}, {1, 1, 128}, {2, 1, 1}};

// The widest heads there are room for, and many of a key/value head.
inline const Heads kWideHeads[] = {{1, 1, kMaxHeadDim}, {2, 1, 200}, {8, 1, 24}};

}  // namespace reranker::kernels::test
