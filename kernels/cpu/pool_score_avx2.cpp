#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

// Lanes of `mask` of ((x * r) * weight) * head, added to `sum`; other lanes stay as they are.
__m256 add_masked(__m256 sum, const PoolScoreArgs& args, const float* x, __m256 r, std::int64_t i,
                  __m256i mask) {
  const __m256 scaled = _mm256_mul_ps(_mm256_maskload_ps(x + i, mask), r);
  const __m256 normed = _mm256_mul_ps(scaled, _mm256_maskload_ps(args.weight + i, mask));
  const __m256 added = _mm256_fmadd_ps(normed, _mm256_maskload_ps(args.head + i, mask), sum);
  return _mm256_blendv_ps(sum, added, _mm256_castsi256_ps(mask));
}

__m256 add_8(__m256 sum, const PoolScoreArgs& args, const float* x, __m256 r, std::int64_t i) {
  const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + i), r);
  const __m256 normed = _mm256_mul_ps(scaled, _mm256_loadu_ps(args.weight + i));
  return _mm256_fmadd_ps(normed, _mm256_loadu_ps(args.head + i), sum);
}

float token_score(const PoolScoreArgs& args, const float* x) {
  const __m256 r = _mm256_set1_ps(inverse_rms(x, args.dim, args.eps));
  Partials p = no_partials();
  std::int64_t i = 0;
  for (; i + kNumPartials <= args.dim; i += kNumPartials) {
    p.low = add_8(p.low, args, x, r, i);
    p.high = add_8(p.high, args, x, r, i + 8);
  }
  const std::int64_t left = args.dim - i;
  p.low = add_masked(p.low, args, x, r, i, first_lanes(left < 8 ? left : 8));
  if (left > 8) p.high = add_masked(p.high, args, x, r, i + 8, first_lanes(left - 8));
  return tree_sum(p);
}

void pool_tokens_avx2(const PoolScoreArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    args.token_scores[t] = token_score(args, args.x + t * args.dim);
}

}  // namespace

void add_pool_score_avx2(CpuKernels& table) {
  table.pool_tokens = pool_tokens_avx2;
}

}  // namespace reranker::kernels
