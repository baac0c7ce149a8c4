#pragma once

#include "kernels/cpu/linear_layout.hpp"
#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

// The loops around a projection's panels in plain C++, whatever its arithmetic: `Linear` has Args
// and
//
//   static const LinearWeights& weights(const Args& args);
//   static void panel_product(float (&y)[kPanel], const Args& args, std::int64_t token,
//                             std::int64_t panel);        the 16 columns of a panel, for one token
//
// For linear*_generic.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

template <typename Linear>
struct LinearLoops {
  using Args = typename Linear::Args;

  static Plan plan(const Args& args, int num_threads) {
    if (args.num_tokens == 0) return {0, 0, 0, 0};
    const std::int64_t units = num_units(args);
    const std::int64_t wanted = num_threads > 1 ? 4 * num_threads : 1;
    const std::int64_t num_tasks = units < wanted ? units : wanted;
    return {num_tasks, 0, 1, num_tasks};
  }

  static void run(const Args& args, const Plan& plan, std::int64_t task, void*) {
    const RowRange units = part_of(num_units(args), task, plan.num_tasks);
    for (std::int64_t token = 0; token < args.num_tokens; ++token)
      for (std::int64_t unit = units.begin; unit < units.end; ++unit)
        args.epilogue == Epilogue::swiglu ? swiglu(args, token, unit)
                                          : one_panel(args, token, unit);
  }

 private:
  // A task is a few panels, or pairs of panels for swiglu, of all tokens.
  static std::int64_t num_units(const Args& args) {
    return num_panels(Linear::weights(args)) / (args.epilogue == Epilogue::swiglu ? 2 : 1);
  }

  static void one_panel(const Args& args, std::int64_t token, std::int64_t panel) {
    const std::int64_t n = Linear::weights(args).n;
    float y[kPanel];
    Linear::panel_product(y, args, token, panel);
    for (std::int64_t lane = 0; lane < kPanel && panel * kPanel + lane < n; ++lane) {
      const std::int64_t column = panel * kPanel + lane;
      const std::int64_t at = token * n + column;
      const float biased = args.bias != nullptr ? y[lane] + args.bias[column] : y[lane];
      args.out[at] = args.epilogue == Epilogue::add    ? biased + args.residual[at]
                     : args.epilogue == Epilogue::gelu ? gelu_of(biased)
                                                       : biased;
    }
  }

  static void swiglu(const Args& args, std::int64_t token, std::int64_t pair) {
    const std::int64_t n = Linear::weights(args).n / 2;
    float gate[kPanel];
    float up[kPanel];
    Linear::panel_product(gate, args, token, 2 * pair);
    Linear::panel_product(up, args, token, 2 * pair + 1);
    for (std::int64_t lane = 0; lane < kPanel && pair * kPanel + lane < n; ++lane)
      args.out[token * n + pair * kPanel + lane] = silu_of(gate[lane]) * up[lane];
  }
};

}  // namespace
}  // namespace reranker::kernels
