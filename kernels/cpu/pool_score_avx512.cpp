#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// `lanes` of ((x * r) * weight) * head, added to `sum`; other lanes stay as they are.
Floats add_products(Floats sum, const PoolScoreArgs& args, const float* x, Floats r, std::int64_t i,
                    Lanes lanes) {
  const Floats scaled = mul(load_lanes(x + i, lanes), r);
  const Floats normed = mul(scaled, load_lanes(args.weight + i, lanes));
  return pick(lanes, fma(normed, load_lanes(args.head + i, lanes), sum), sum);
}

float token_score(const PoolScoreArgs& args, const float* x) {
  const Floats r = fill(inverse_rms(x, args.dim, args.eps));
  const Lanes all = first_lanes(kNumPartials);
  Floats sum = zeros();
  std::int64_t i = 0;
  for (; i + kNumPartials <= args.dim; i += kNumPartials)
    sum = add_products(sum, args, x, r, i, all);
  return tree_sum(add_products(sum, args, x, r, i, first_lanes(args.dim - i)));
}

void pool_tokens_avx512(const PoolScoreArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    args.token_scores[t] = token_score(args, args.x + t * args.dim);
}

}  // namespace

void add_pool_score_avx512(CpuKernels& table) {
  table.pool_tokens = pool_tokens_avx512;
}

}  // namespace reranker::kernels
