#include "kernels/cpu/linear_loops.hpp"

namespace reranker::kernels {
namespace {

float weight_at(const void* panel, WeightType type, std::int64_t i, std::int64_t lane) {
  if (type != WeightType::bf16) return static_cast<const float*>(panel)[i * kPanel + lane];
  return widen_bf16(static_cast<const std::uint16_t*>(panel)[i * kPanel + lane % 8 * 2 + lane / 8]);
}

struct Fp32 {
  using Args = LinearArgs;
  static const LinearWeights& weights(const Args& args) { return args.weights; }

  static void panel_product(float (&y)[kPanel], const Args& args, std::int64_t token,
                            std::int64_t panel) {
    const LinearWeights& w = args.weights;
    const float* x = args.x + token * w.k;
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
};

}  // namespace

void add_linear_generic(CpuKernels& table) {
  table.plan_linear = LinearLoops<Fp32>::plan;
  table.linear = LinearLoops<Fp32>::run;
}

}  // namespace reranker::kernels
