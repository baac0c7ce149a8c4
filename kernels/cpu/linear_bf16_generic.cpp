#include "kernels/cpu/bf16_layout.hpp"
#include "kernels/cpu/bf16_scalar.hpp"
#include "kernels/cpu/linear_loops.hpp"

namespace reranker::kernels {
namespace {

// One output after the stride's pairs of columns: x in one piece, w 32 words apart.
float chain(const std::uint16_t* x, const std::uint16_t* w, std::int64_t stride) {
  float y = 0.0f;
  for (std::int64_t i = 0; i < stride; i += 2) y = add_pair(y, x + i, w + i * kPanel);
  return y;
}

float tiles(const std::uint16_t* x, const std::uint16_t* w, std::int64_t stride) {
  constexpr std::int64_t kBlock = 32;
  float y = 0.0f;
  for (std::int64_t begin = 0; begin < stride; begin += kBlock) {
    float even = 0.0f, odd = 0.0f;
    for (std::int64_t i = begin; i < begin + kBlock; i += 2) {
      even = flushing_step(flushed_bf16(x[i]), flushed_bf16(w[i * kPanel]), even);
      odd = flushing_step(flushed_bf16(x[i + 1]), flushed_bf16(w[i * kPanel + 1]), odd);
    }
    y = flushing_sum(y, flushing_sum(even, odd));
  }
  return y;
}

template <float (*output)(const std::uint16_t* x, const std::uint16_t* w, std::int64_t stride)>
struct Bf16 {
  using Args = LinearBf16Args;
  static const LinearWeights& weights(const Args& args) { return args.weights; }

  static void panel_product(float (&y)[kPanel], const Args& args, std::int64_t token,
                            std::int64_t panel) {
    const std::int64_t stride = bf16_stride(args.weights.k);
    const std::uint16_t* x = args.x + token * stride;
    const auto* w =
        static_cast<const std::uint16_t*>(args.packed) + panel * bf16_panel_words(args.weights);
    for (std::int64_t lane = 0; lane < kPanel; ++lane) y[lane] = output(x, w + lane * 2, stride);
  }
};

}  // namespace

void add_linear_bf16_generic(CpuKernels& table) {
  table.bf16_sequence = "generic";
  table.bf16_sums = Bf16Sums::chain;
  table.plan_linear_bf16 = LinearLoops<Bf16<chain>>::plan;
  table.linear_bf16 = LinearLoops<Bf16<chain>>::run;
}

void add_linear_bf16_tiles_generic(CpuKernels& table) {
  add_linear_bf16_generic(table);
  table.bf16_sums = Bf16Sums::tiles;
  table.plan_linear_bf16 = LinearLoops<Bf16<tiles>>::plan;
  table.linear_bf16 = LinearLoops<Bf16<tiles>>::run;
}

}  // namespace reranker::kernels
