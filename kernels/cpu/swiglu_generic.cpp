#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void swiglu_generic(const SwigluArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* gate = args.gate_up + t * 2 * args.dim;
    const float* up = gate + args.dim;
    for (std::int64_t i = 0; i < args.dim; ++i)
      args.out[t * args.dim + i] = silu_of(gate[i]) * up[i];
  }
}

}  // namespace

void add_swiglu_generic(CpuKernels& table) {
  table.swiglu = swiglu_generic;
}

}  // namespace reranker::kernels
