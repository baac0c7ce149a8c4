#include "kernels/cpu/math_avx512.hpp"

#include "kernels/cpu/classify_tasks.hpp"

namespace reranker::kernels {
namespace {

float dot(const float* a, const float* b, std::int64_t dim) {
  Floats p = zeros();
  std::int64_t i = 0;
  for (; i + kNumPartials <= dim; i += kNumPartials) p = fma(load(a + i), load(b + i), p);
  const Lanes rest = first_lanes(dim - i);
  return tree_sum(pick(rest, fma(load_lanes(a + i, rest), load_lanes(b + i, rest), p), p));
}

float logit(const ClassifyArgs& args, const float* x) {
  Floats p = zeros();
  for (std::int64_t j = 0; j < args.dim; j += kNumPartials) {
    const std::int64_t left = args.dim - j;
    const Lanes lanes = first_lanes(left < kNumPartials ? left : kNumPartials);
    float dots[kNumPartials] = {};
    for (std::int64_t lane = 0; lane < kNumPartials && lane < left; ++lane)
      dots[lane] = dot(x, args.weight + (j + lane) * args.dim, args.dim);
    const Floats h = tanh_of(add(load(dots), load_lanes(args.bias + j, lanes)));
    p = pick(lanes, fma(h, load_lanes(args.head + j, lanes), p), p);
  }
  return tree_sum(p) + args.head_bias;
}

}  // namespace

void add_classify_avx512(CpuKernels& table) {
  table.classify = classify_sequences<logit>;
}

}  // namespace reranker::kernels
