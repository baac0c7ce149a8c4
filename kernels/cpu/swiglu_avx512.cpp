#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void swiglu_avx512(const SwigluArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* gate = args.gate_up + t * 2 * args.dim;
    const float* up = gate + args.dim;
    float* out = args.out + t * args.dim;
    for (std::int64_t i = 0; i < args.dim; i += 16) {
      const std::int64_t left = args.dim - i;
      const Floats silu = silu_of(load_first(gate + i, left));
      store_first(out + i, mul(silu, load_first(up + i, left)), left);
    }
  }
}

}  // namespace

void add_swiglu_avx512(CpuKernels& table) {
  table.swiglu = swiglu_avx512;
}

}  // namespace reranker::kernels
