#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

void rotate(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += 8) {
    const std::int64_t left = half - i;
    const __m256 c = load_first(cosines + i, left);
    const __m256 s = load_first(sines + i, left);
    const __m256 a = load_first(head + i, left);
    const __m256 b = load_first(head + half + i, left);
    store_first(head + i, _mm256_fnmadd_ps(b, s, _mm256_mul_ps(a, c)), left);
    store_first(head + half + i, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c)), left);
  }
}

void rope_avx2(const RopeArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  const std::int64_t half = args.head_dim / 2;
  const std::int64_t rotated = args.num_heads + args.num_kv_heads;
  const std::int64_t stride = (rotated + args.num_kv_heads) * args.head_dim;
  std::int64_t s = 0;
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    while (t >= args.offsets[s + 1]) ++s;
    const float* cosines = args.table + (t - args.offsets[s]) * 2 * half;
    for (std::int64_t h = 0; h < rotated; ++h)
      rotate(args.qkv + t * stride + h * args.head_dim, cosines, cosines + half, half);
  }
}

}  // namespace

void add_rope_avx2(CpuKernels& table) {
  table.rope = rope_avx2;
}

}  // namespace reranker::kernels
