#include "kernels/cpu/pair_cosine_tasks.hpp"
#include "kernels/cpu/scalar.hpp"

namespace reranker::kernels {
namespace {

double sum_rows(const float* x, std::int64_t num_rows, std::int64_t dim) {
  double sum = 0.0;
  for (std::int64_t t = 0; t < num_rows; ++t) sum += static_cast<double>(x[t * dim]);
  return sum;
}

float mean(double sum, std::int64_t num_rows) {
  return static_cast<float>(sum / divisor(num_rows));
}

MeanProducts multiply(const PairCosineArgs& args, const RowsByType& rows) {
  float head[kNumPartials] = {};
  float first[kNumPartials] = {};
  float second[kNumPartials] = {};
  float both[kNumPartials] = {};
  for (std::int64_t i = 0; i < args.dim; ++i) {
    const double sum_a = sum_rows(rows.first + i, rows.num_first, args.dim);
    const double sum_b = sum_rows(rows.second + i, rows.num_second, args.dim);
    const float m = mean(sum_a + sum_b, rows.num_first + rows.num_second);
    const float a = mean(sum_a, rows.num_first);
    const float b = mean(sum_b, rows.num_second);
    const std::int64_t j = i % kNumPartials;
    head[j] = std::fma(m, args.head[i], head[j]);
    first[j] = std::fma(a, a, first[j]);
    second[j] = std::fma(b, b, second[j]);
    both[j] = std::fma(a, b, both[j]);
  }
  return {tree_sum(head), tree_sum(first), tree_sum(second), tree_sum(both)};
}

}  // namespace

void add_pair_cosine_generic(CpuKernels& table) {
  table.pair_cosine = pair_cosine_sequences<multiply>;
}

}  // namespace reranker::kernels
