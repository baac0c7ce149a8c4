#include "kernels/cpu/int8_layout.hpp"
#include "kernels/cpu/int8_scalar.hpp"
#include "kernels/cpu/linear_loops.hpp"

namespace reranker::kernels {
namespace {

struct Int8 {
  using Args = LinearInt8Args;
  static const LinearWeights& weights(const Args& args) { return args.weights.shape; }

  static void panel_product(float (&y)[kPanel], const Args& args, std::int64_t token,
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
};

}  // namespace

void add_linear_int8_generic(CpuKernels& table) {
  table.int8_range = Int8Range::full;
  table.int8_sequence = "generic";
  table.plan_linear_int8 = LinearLoops<Int8>::plan;
  table.linear_int8 = LinearLoops<Int8>::run;
}

}  // namespace reranker::kernels
