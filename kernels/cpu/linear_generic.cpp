#include "kernels/cpu/linear_layout.hpp"
#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

float weight_at(const void* panel, WeightType type, std::int64_t i, std::int64_t lane) {
  if (type != WeightType::bf16) return static_cast<const float*>(panel)[i * kPanel + lane];
  return widen_bf16(static_cast<const std::uint16_t*>(panel)[i * kPanel + lane % 8 * 2 + lane / 8]);
}

// y[lane] of the 16 columns of a panel, for one row of x.
void panel_product(float (&y)[kPanel], const LinearArgs& args, const float* x, std::int64_t panel) {
  const LinearWeights& w = args.weights;
  const char* weights = static_cast<const char*>(args.packed) + panel * panel_bytes(w);
  const std::int64_t block = linear_block(w.k);
  for (float& v : y) v = 0.0f;
  for (std::int64_t begin = 0; begin < w.k; begin += block) {
    const std::int64_t end = begin + block < w.k ? begin + block : w.k;
    for (std::int64_t lane = 0; lane < kPanel; ++lane) {
      float chain = 0.0f;
      for (std::int64_t i = begin; i < end; ++i)
        chain = std::fma(x[i], weight_at(weights, w.type, i, lane), chain);
      y[lane] = begin == 0 ? chain : y[lane] + chain;
    }
  }
}

void store_or_add(const LinearArgs& args, std::int64_t token, std::int64_t panel) {
  const std::int64_t n = args.weights.n;
  float y[kPanel];
  panel_product(y, args, args.x + token * args.weights.k, panel);
  for (std::int64_t lane = 0; lane < kPanel && panel * kPanel + lane < n; ++lane) {
    const std::int64_t at = token * n + panel * kPanel + lane;
    args.out[at] = args.epilogue == Epilogue::add ? y[lane] + args.residual[at] : y[lane];
  }
}

void swiglu(const LinearArgs& args, std::int64_t token, std::int64_t pair) {
  const std::int64_t n = args.weights.n / 2;
  float gate[kPanel];
  float up[kPanel];
  panel_product(gate, args, args.x + token * args.weights.k, 2 * pair);
  panel_product(up, args, args.x + token * args.weights.k, 2 * pair + 1);
  for (std::int64_t lane = 0; lane < kPanel && pair * kPanel + lane < n; ++lane)
    args.out[token * n + pair * kPanel + lane] = silu_of(gate[lane]) * up[lane];
}

// A task is a few panels, or pairs of panels for swiglu, of all tokens.
std::int64_t num_units(const LinearArgs& args) {
  return num_panels(args.weights) / (args.epilogue == Epilogue::swiglu ? 2 : 1);
}

Plan plan_linear_generic(const LinearArgs& args, int num_threads) {
  if (args.num_tokens == 0) return {0, 0, 0, 0};
  const std::int64_t units = num_units(args);
  const std::int64_t wanted = num_threads > 1 ? 4 * num_threads : 1;
  const std::int64_t num_tasks = units < wanted ? units : wanted;
  return {num_tasks, 0, 1, num_tasks};
}

void linear_generic(const LinearArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange units = part_of(num_units(args), task, plan.num_tasks);
  for (std::int64_t token = 0; token < args.num_tokens; ++token)
    for (std::int64_t unit = units.begin; unit < units.end; ++unit)
      args.epilogue == Epilogue::swiglu ? swiglu(args, token, unit)
                                        : store_or_add(args, token, unit);
}

}  // namespace

void add_linear_generic(CpuKernels& table) {
  table.plan_linear = plan_linear_generic;
  table.linear = linear_generic;
}

}  // namespace reranker::kernels
