#include "kernels/cpu/bf16_layout.hpp"
#include "kernels/cpu/bf16_scalar.hpp"
#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// y[lane] of the 16 columns of a panel, for one row of x.
void panel_product(float (&y)[kPanel], const LinearBf16Args& args, std::int64_t token,
                   std::int64_t panel) {
  const std::int64_t stride = bf16_stride(args.weights.k);
  const std::uint16_t* x = args.x + token * stride;
  const auto* w =
      static_cast<const std::uint16_t*>(args.packed) + panel * bf16_panel_words(args.weights);
  for (std::int64_t lane = 0; lane < kPanel; ++lane) {
    y[lane] = 0.0f;
    for (std::int64_t i = 0; i < stride; i += 2)
      y[lane] = add_pair(y[lane], x + i, w + i * kPanel + lane * 2);
  }
}

void store_or_add(const LinearBf16Args& args, std::int64_t token, std::int64_t panel) {
  const std::int64_t n = args.weights.n;
  float y[kPanel];
  panel_product(y, args, token, panel);
  for (std::int64_t lane = 0; lane < kPanel && panel * kPanel + lane < n; ++lane) {
    const std::int64_t at = token * n + panel * kPanel + lane;
    args.out[at] = args.epilogue == Epilogue::add ? y[lane] + args.residual[at] : y[lane];
  }
}

void swiglu(const LinearBf16Args& args, std::int64_t token, std::int64_t pair) {
  const std::int64_t n = args.weights.n / 2;
  float gate[kPanel];
  float up[kPanel];
  panel_product(gate, args, token, 2 * pair);
  panel_product(up, args, token, 2 * pair + 1);
  for (std::int64_t lane = 0; lane < kPanel && pair * kPanel + lane < n; ++lane)
    args.out[token * n + pair * kPanel + lane] = silu_of(gate[lane]) * up[lane];
}

// A task is a few panels, or pairs of panels for swiglu, of all tokens.
std::int64_t num_units(const LinearBf16Args& args) {
  return num_panels(args.weights) / (args.epilogue == Epilogue::swiglu ? 2 : 1);
}

Plan plan_linear_bf16_generic(const LinearBf16Args& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t units = num_units(args);
  const std::int64_t wanted = num_threads > 1 ? 4 * num_threads : 1;
  const std::int64_t num_tasks = units < wanted ? units : wanted;
  return {num_tasks, 0, 1, num_tasks};
}

void linear_bf16_generic(const LinearBf16Args& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange units = part_of(num_units(args), task, plan.num_tasks);
  for (std::int64_t token = 0; token < args.num_tokens; ++token)
    for (std::int64_t unit = units.begin; unit < units.end; ++unit)
      args.epilogue == Epilogue::swiglu ? swiglu(args, token, unit)
                                        : store_or_add(args, token, unit);
}

}  // namespace

void add_linear_bf16_generic(CpuKernels& table) {
  table.bf16_sequence = "generic";
  table.plan_linear_bf16 = plan_linear_bf16_generic;
  table.linear_bf16 = linear_bf16_generic;
}

}  // namespace reranker::kernels
