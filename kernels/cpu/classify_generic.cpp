#include "kernels/cpu/classify_tasks.hpp"
#include "kernels/cpu/scalar.hpp"

namespace reranker::kernels {
namespace {

float dot(const float* a, const float* b, std::int64_t dim) {
  float p[kNumPartials] = {};
  for (std::int64_t i = 0; i < dim; ++i)
    p[i % kNumPartials] = std::fma(a[i], b[i], p[i % kNumPartials]);
  return tree_sum(p);
}

float logit(const ClassifyArgs& args, const float* x) {
  float p[kNumPartials] = {};
  for (std::int64_t j = 0; j < args.dim; ++j) {
    const float h = tanh_of(dot(x, args.weight + j * args.dim, args.dim) + args.bias[j]);
    p[j % kNumPartials] = std::fma(h, args.head[j], p[j % kNumPartials]);
  }
  return tree_sum(p) + args.head_bias;
}

}  // namespace

void add_classify_generic(CpuKernels& table) {
  table.classify = classify_sequences<logit>;
}

}  // namespace reranker::kernels
