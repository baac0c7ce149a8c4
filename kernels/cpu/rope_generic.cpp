#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void rotate(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = head[i];
    const float b = head[i + half];
    head[i] = std::fma(-b, sines[i], a * cosines[i]);
    head[i + half] = std::fma(a, sines[i], b * cosines[i]);
  }
}

void rope_generic(const RopeArgs& args, const Plan& plan, std::int64_t task, void*) {
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

void add_rope_generic(CpuKernels& table) {
  table.rope = rope_generic;
}

}  // namespace reranker::kernels
