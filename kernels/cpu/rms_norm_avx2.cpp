#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

void scale_row(float* y, const float* x, const float* weight, float r, std::int64_t dim) {
  const __m256 scale = _mm256_set1_ps(r);
  std::int64_t i = 0;
  for (; i + 8 <= dim; i += 8) {
    const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + i), scale);
    _mm256_storeu_ps(y + i, _mm256_mul_ps(scaled, _mm256_loadu_ps(weight + i)));
  }
  if (i == dim) return;
  const __m256i mask = first_lanes(dim - i);
  const __m256 scaled = _mm256_mul_ps(_mm256_maskload_ps(x + i, mask), scale);
  _mm256_maskstore_ps(y + i, mask, _mm256_mul_ps(scaled, _mm256_maskload_ps(weight + i, mask)));
}

void rms_norm_avx2(const RmsNormArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    scale_row(args.y + t * args.dim, x, args.weight, inverse_rms(x, args.dim, args.eps), args.dim);
  }
}

}  // namespace

void add_rms_norm_avx2(CpuKernels& table) {
  table.rms_norm = rms_norm_avx2;
}

}  // namespace reranker::kernels
