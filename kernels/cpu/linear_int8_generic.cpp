#include "kernels/cpu/int8_layout.hpp"
#include "kernels/cpu/int8_scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// y[lane] of the 16 columns of a panel, for one row of codes.
void panel_product(float (&y)[kPanel], const LinearInt8Args& args, std::int64_t token,
                   std::int64_t panel) {
  const auto* packed = static_cast<const char*>(args.packed);
  const auto* weights =
      reinterpret_cast<const std::int8_t*>(packed + panel * int8_panel_bytes(args.weights));
  const auto* scales =
      reinterpret_cast<const float*>(packed + int8_scales_at(args.weights)) + panel * kPanel;
  const std::int64_t k = args.weights.shape.k;
  const std::uint8_t* codes = args.codes + token * int8_stride(k);
  for (std::int64_t lane = 0; lane < kPanel; ++lane) {
    std::int32_t sum = 0;
    for (std::int64_t i = 0; i < k; ++i)
      sum += (codes[i] - kZeroCode) * weights[i / 4 * 64 + lane * 4 + i % 4];
    y[lane] = (static_cast<float>(sum) * scales[lane]) * args.scales[token];
  }
}

void store_or_add(const LinearInt8Args& args, std::int64_t token, std::int64_t panel) {
  const std::int64_t n = args.weights.shape.n;
  float y[kPanel];
  panel_product(y, args, token, panel);
  for (std::int64_t lane = 0; lane < kPanel && panel * kPanel + lane < n; ++lane) {
    const std::int64_t at = token * n + panel * kPanel + lane;
    args.out[at] = args.epilogue == Epilogue::add ? y[lane] + args.residual[at] : y[lane];
  }
}

void swiglu(const LinearInt8Args& args, std::int64_t token, std::int64_t pair) {
  const std::int64_t n = args.weights.shape.n / 2;
  float gate[kPanel];
  float up[kPanel];
  panel_product(gate, args, token, 2 * pair);
  panel_product(up, args, token, 2 * pair + 1);
  for (std::int64_t lane = 0; lane < kPanel && pair * kPanel + lane < n; ++lane)
    args.out[token * n + pair * kPanel + lane] = silu_of(gate[lane]) * up[lane];
}

// A task is a few panels, or pairs of panels for swiglu, of all tokens.
std::int64_t num_units(const LinearInt8Args& args) {
  return num_panels(args.weights.shape) / (args.epilogue == Epilogue::swiglu ? 2 : 1);
}

Plan plan_linear_int8_generic(const LinearInt8Args& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t units = num_units(args);
  const std::int64_t wanted = num_threads > 1 ? 4 * num_threads : 1;
  const std::int64_t num_tasks = units < wanted ? units : wanted;
  return {num_tasks, 0, 1, num_tasks};
}

void linear_int8_generic(const LinearInt8Args& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange units = part_of(num_units(args), task, plan.num_tasks);
  for (std::int64_t token = 0; token < args.num_tokens; ++token)
    for (std::int64_t unit = units.begin; unit < units.end; ++unit)
      args.epilogue == Epilogue::swiglu ? swiglu(args, token, unit)
                                        : store_or_add(args, token, unit);
}

}  // namespace

void add_linear_int8_generic(CpuKernels& table) {
  table.int8_range = Int8Range::full;
  table.int8_sequence = "generic";
  table.plan_linear_int8 = plan_linear_int8_generic;
  table.linear_int8 = linear_int8_generic;
}

}  // namespace reranker::kernels
