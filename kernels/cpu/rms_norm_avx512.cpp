#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void scale_row(float* y, const float* x, const float* weight, float r, std::int64_t dim) {
  const Floats scale = fill(r);
  for (std::int64_t i = 0; i < dim; i += 16) {
    const Floats scaled = mul(load_first(x + i, dim - i), scale);
    store_first(y + i, mul(scaled, load_first(weight + i, dim - i)), dim - i);
  }
}

void rms_norm_avx512(const RmsNormArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    scale_row(args.y + t * args.dim, x, args.weight, inverse_rms(x, args.dim, args.eps), args.dim);
  }
}

}  // namespace

void add_rms_norm_avx512(CpuKernels& table) {
  table.rms_norm = rms_norm_avx512;
}

}  // namespace reranker::kernels
