#include "kernels/cpu/bf16_scalar.hpp"
#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// A row whose element i is value(i).
template <typename Value>
void round_row(std::uint16_t* y, std::int64_t dim, const Value& value) {
  for (std::int64_t i = 0; i < dim; ++i) y[i] = rounded_to_bf16(value(i));
  for (std::int64_t i = dim; i < bf16_stride(dim); ++i) y[i] = 0;
}

void round_bf16_generic(const RoundBf16Args& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    round_row(args.y + t * bf16_stride(args.dim), args.dim, [&](std::int64_t i) { return x[i]; });
  }
}

void rms_norm_bf16_generic(const RmsNormBf16Args& args, const Plan& plan, std::int64_t task,
                           void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    const float r = inverse_rms(x, args.dim, args.eps);
    round_row(args.y + t * bf16_stride(args.dim), args.dim,
              [&](std::int64_t i) { return (x[i] * r) * args.weight[i]; });
  }
}

}  // namespace

void add_round_bf16_generic(CpuKernels& table) {
  table.round_bf16 = round_bf16_generic;
  table.rms_norm_bf16 = rms_norm_bf16_generic;
}

}  // namespace reranker::kernels
