#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void rms_norm_generic(const RmsNormArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    float* y = args.y + t * args.dim;
    const float r = inverse_rms(x, args.dim, args.eps);
    for (std::int64_t i = 0; i < args.dim; ++i) y[i] = (x[i] * r) * args.weight[i];
  }
}

}  // namespace

void add_rms_norm_generic(CpuKernels& table) {
  table.rms_norm = rms_norm_generic;
}

}  // namespace reranker::kernels
