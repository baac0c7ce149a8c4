#include "kernels/cpu/bf16_layout.hpp"
#include "kernels/cpu/bf16_scalar.hpp"
#include "kernels/cpu/linear_loops.hpp"

namespace reranker::kernels {
namespace {

struct Bf16 {
  using Args = LinearBf16Args;
  static const LinearWeights& weights(const Args& args) { return args.weights; }

  static void panel_product(float (&y)[kPanel], const Args& args, std::int64_t token,
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
};

}  // namespace

void add_linear_bf16_generic(CpuKernels& table) {
  table.bf16_sequence = "generic";
  table.plan_linear_bf16 = LinearLoops<Bf16>::plan;
  table.linear_bf16 = LinearLoops<Bf16>::run;
}

}  // namespace reranker::kernels
