#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

float mean_of(const float* x, std::int64_t dim) {
  float p[kNumPartials] = {};
  for (std::int64_t i = 0; i < dim; ++i) p[i % kNumPartials] += x[i];
  return tree_sum(p) / static_cast<float>(dim);
}

float inverse_deviation(const float* x, float mean, std::int64_t dim, float eps) {
  float p[kNumPartials] = {};
  for (std::int64_t i = 0; i < dim; ++i) {
    const float d = x[i] - mean;
    p[i % kNumPartials] = std::fma(d, d, p[i % kNumPartials]);
  }
  return 1.0f / std::sqrt(tree_sum(p) / static_cast<float>(dim) + eps);
}

void layer_norm_generic(const LayerNormArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
    const float* x = args.x + t * args.dim;
    float* out = args.out + t * args.dim;
    const float mean = mean_of(x, args.dim);
    const float r = inverse_deviation(x, mean, args.dim, args.eps);
    for (std::int64_t i = 0; i < args.dim; ++i)
      out[i] = std::fma((x[i] - mean) * r, args.weight[i], args.bias[i]);
  }
}

}  // namespace

void add_layer_norm_generic(CpuKernels& table) {
  table.layer_norm = layer_norm_generic;
}

}  // namespace reranker::kernels
