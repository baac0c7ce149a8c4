#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

// The sum of sums.hpp over a row: `Add` takes eight partial sums and eight elements.
template <typename Add>
float sum_of(const float* x, std::int64_t dim, Add add) {
  Partials p = no_partials();
  std::int64_t i = 0;
  for (; i + kNumPartials <= dim; i += kNumPartials) {
    p.low = add(p.low, _mm256_loadu_ps(x + i));
    p.high = add(p.high, _mm256_loadu_ps(x + i + 8));
  }
  const std::int64_t left = dim - i;
  const auto add_first = [&](__m256 sum, const float* from, std::int64_t count) {
    const __m256i mask = first_lanes(count);
    const __m256 added = add(sum, _mm256_maskload_ps(from, mask));
    return _mm256_blendv_ps(sum, added, _mm256_castsi256_ps(mask));
  };
  p.low = add_first(p.low, x + i, left < 8 ? left : 8);
  if (left > 8) p.high = add_first(p.high, x + i + 8, left - 8);
  return tree_sum(p);
}

// In registers: cmath's inline functions could be compiled here for everyone.
float inverse_root(float square) {
  return _mm_cvtss_f32(_mm_div_ss(_mm_set_ss(1.0f), _mm_sqrt_ss(_mm_set_ss(square))));
}

void normalize(const LayerNormArgs& args, float* out, const float* x) {
  const auto dim = static_cast<float>(args.dim);
  const auto plain = [](__m256 sum, __m256 eight) { return _mm256_add_ps(sum, eight); };
  const __m256 mean = _mm256_set1_ps(sum_of(x, args.dim, plain) / dim);
  const auto squares = [&](__m256 sum, __m256 eight) {
    const __m256 d = _mm256_sub_ps(eight, mean);
    return _mm256_fmadd_ps(d, d, sum);
  };
  const __m256 r = _mm256_set1_ps(inverse_root(sum_of(x, args.dim, squares) / dim + args.eps));
  for (std::int64_t i = 0; i < args.dim; i += 8) {
    const std::int64_t left = args.dim - i;
    const __m256 scaled = _mm256_mul_ps(_mm256_sub_ps(load_first(x + i, left), mean), r);
    store_first(
        out + i,
        _mm256_fmadd_ps(scaled, load_first(args.weight + i, left), load_first(args.bias + i, left)),
        left);
  }
}

void layer_norm_avx2(const LayerNormArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    normalize(args, args.out + t * args.dim, args.x + t * args.dim);
}

}  // namespace

void add_layer_norm_avx2(CpuKernels& table) {
  table.layer_norm = layer_norm_avx2;
}

}  // namespace reranker::kernels
