#include "kernels/cpu/classify_tasks.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

float dot(const float* a, const float* b, std::int64_t dim) {
  Partials p = no_partials();
  std::int64_t i = 0;
  for (; i + kNumPartials <= dim; i += kNumPartials) {
    p.low = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), p.low);
    p.high = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), p.high);
  }
  const std::int64_t left = dim - i;
  p.low = add_first(p.low, load_first(a + i, left), load_first(b + i, left), left);
  if (left > 8)
    p.high = add_first(p.high, load_first(a + i + 8, left - 8), load_first(b + i + 8, left - 8),
                       left - 8);
  return tree_sum(p);
}

// Eight outputs of the pooler from `j` on times their weights in the head, added to `sum`: as many
// as there are.
__m256 add_eight(__m256 sum, const ClassifyArgs& args, const float* x, std::int64_t j) {
  const std::int64_t left = args.dim - j;
  if (left <= 0) return sum;
  float dots[8] = {};
  for (std::int64_t lane = 0; lane < 8 && lane < left; ++lane)
    dots[lane] = dot(x, args.weight + (j + lane) * args.dim, args.dim);
  const __m256 h = tanh_of(_mm256_add_ps(_mm256_loadu_ps(dots), load_first(args.bias + j, left)));
  return add_first(sum, h, load_first(args.head + j, left), left);
}

float logit(const ClassifyArgs& args, const float* x) {
  Partials p = no_partials();
  for (std::int64_t j = 0; j < args.dim; j += kNumPartials) {
    p.low = add_eight(p.low, args, x, j);
    p.high = add_eight(p.high, args, x, j + 8);
  }
  return tree_sum(p) + args.head_bias;
}

}  // namespace

void add_classify_avx2(CpuKernels& table) {
  table.classify = classify_sequences<logit>;
}

}  // namespace reranker::kernels
