#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

// The sum of sums.hpp over a row: `Add` takes the partial sums and sixteen elements.
template <typename Add>
float sum_of(const float* x, std::int64_t dim, Add add_to) {
  Floats p = zeros();
  std::int64_t i = 0;
  for (; i + kNumPartials <= dim; i += kNumPartials) p = add_to(p, load(x + i));
  const Lanes rest = first_lanes(dim - i);
  return tree_sum(pick(rest, add_to(p, load_lanes(x + i, rest)), p));
}

void normalize(const LayerNormArgs& args, float* out, const float* x) {
  const auto dim = static_cast<float>(args.dim);
  const auto plain = [](Floats sum, Floats elements) { return add(sum, elements); };
  const Floats mean = fill(sum_of(x, args.dim, plain) / dim);
  const auto squares = [&](Floats sum, Floats elements) {
    const Floats d = sub(elements, mean);
    return fma(d, d, sum);
  };
  const Floats r = fill(1.0f / square_root(sum_of(x, args.dim, squares) / dim + args.eps));
  for (std::int64_t i = 0; i < args.dim; i += kNumPartials) {
    const std::int64_t left = args.dim - i;
    const Floats scaled = mul(sub(load_first(x + i, left), mean), r);
    store_first(out + i,
                fma(scaled, load_first(args.weight + i, left), load_first(args.bias + i, left)),
                left);
  }
}

void layer_norm_avx512(const LayerNormArgs& args, const Plan& plan, std::int64_t task, void*) {
  const RowRange tokens = part_of(args.num_tokens, task, plan.num_tasks);
  for (std::int64_t t = tokens.begin; t < tokens.end; ++t)
    normalize(args, args.out + t * args.dim, args.x + t * args.dim);
}

}  // namespace

void add_layer_norm_avx512(CpuKernels& table) {
  table.layer_norm = layer_norm_avx512;
}

}  // namespace reranker::kernels
