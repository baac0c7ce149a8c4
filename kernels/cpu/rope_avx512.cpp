#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void rotate(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += 16) {
    const std::int64_t left = half - i;
    const Floats c = load_first(cosines + i, left);
    const Floats s = load_first(sines + i, left);
    const Floats a = load_first(head + i, left);
    const Floats b = load_first(head + half + i, left);
    store_first(head + i, fnma(b, s, mul(a, c)), left);
    store_first(head + half + i, fma(a, s, mul(b, c)), left);
  }
}

void rope_avx512(const RopeArgs& args, const Plan& plan, std::int64_t task, void*) {
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

void add_rope_avx512(CpuKernels& table) {
  table.rope = rope_avx512;
}

}  // namespace reranker::kernels
