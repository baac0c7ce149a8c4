#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

void rotate(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += 8) {
    const __m256i mask = first_lanes(half - i < 8 ? half - i : 8);
    const __m256 c = _mm256_maskload_ps(cosines + i, mask);
    const __m256 s = _mm256_maskload_ps(sines + i, mask);
    const __m256 a = _mm256_maskload_ps(head + i, mask);
    const __m256 b = _mm256_maskload_ps(head + half + i, mask);
    _mm256_maskstore_ps(head + i, mask, _mm256_fnmadd_ps(b, s, _mm256_mul_ps(a, c)));
    _mm256_maskstore_ps(head + half + i, mask, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c)));
  }
}

void rotate_whole(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += 8) {
    const __m256 c = _mm256_loadu_ps(cosines + i);
    const __m256 s = _mm256_loadu_ps(sines + i);
    const __m256 a = _mm256_loadu_ps(head + i);
    const __m256 b = _mm256_loadu_ps(head + half + i);
    _mm256_storeu_ps(head + i, _mm256_fnmadd_ps(b, s, _mm256_mul_ps(a, c)));
    _mm256_storeu_ps(head + half + i, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c)));
  }
}

void rope_avx2(const RopeArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  const std::int64_t half = args.head_dim / 2;
  const std::int64_t rotated = args.num_heads + args.num_kv_heads;
  const std::int64_t stride = (rotated + args.num_kv_heads) * args.head_dim;
  const auto rotate_head = half % 8 == 0 ? rotate_whole : rotate;
  std::int64_t s = 0;
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    while (t >= args.offsets[s + 1]) ++s;
    const float* cosines = args.table + (t - args.offsets[s]) * 2 * half;
    for (std::int64_t h = 0; h < rotated; ++h)
      rotate_head(args.qkv + t * stride + h * args.head_dim, cosines, cosines + half, half);
  }
}

}  // namespace

void add_rope_avx2(CpuKernels& table) {
  table.rope = rope_avx2;
}

}  // namespace reranker::kernels
