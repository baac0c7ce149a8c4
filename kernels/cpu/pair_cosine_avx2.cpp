#include "kernels/cpu/pair_cosine_tasks.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

// Eight columns in double.
struct Sums {
  __m256d low;
  __m256d high;
};

Sums operator+(const Sums& a, const Sums& b) {
  return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)};
}

// Of the first `count` of eight columns; zeros in the others.
Sums sum_rows(const float* x, std::int64_t num_rows, std::int64_t dim, std::int64_t count) {
  Sums sums{_mm256_setzero_pd(), _mm256_setzero_pd()};
  for (std::int64_t t = 0; t < num_rows; ++t) {
    const __m256 row = load_first(x + t * dim, count);
    sums = sums + Sums{_mm256_cvtps_pd(_mm256_castps256_ps128(row)),
                       _mm256_cvtps_pd(_mm256_extractf128_ps(row, 1))};
  }
  return sums;
}

__m256 mean(const Sums& sums, std::int64_t num_rows) {
  const __m256d by = _mm256_set1_pd(divisor(num_rows));
  return _mm256_set_m128(_mm256_cvtpd_ps(_mm256_div_pd(sums.high, by)),
                         _mm256_cvtpd_ps(_mm256_div_pd(sums.low, by)));
}

struct Products {
  Partials head, first, second, both;
};

// Adds the products of columns i to i + 7, as many as there are, to that half of the partial sums.
void add_eight(Products& p, __m256 Partials::*half, const PairCosineArgs& args,
               const RowsByType& rows, std::int64_t i) {
  const std::int64_t left = args.dim - i;
  if (left <= 0) return;
  const Sums sums_a = sum_rows(rows.first + i, rows.num_first, args.dim, left);
  const Sums sums_b = sum_rows(rows.second + i, rows.num_second, args.dim, left);
  const __m256 m = mean(sums_a + sums_b, rows.num_first + rows.num_second);
  const __m256 a = mean(sums_a, rows.num_first);
  const __m256 b = mean(sums_b, rows.num_second);
  p.head.*half = add_first(p.head.*half, m, load_first(args.head + i, left), left);
  p.first.*half = add_first(p.first.*half, a, a, left);
  p.second.*half = add_first(p.second.*half, b, b, left);
  p.both.*half = add_first(p.both.*half, a, b, left);
}

MeanProducts multiply(const PairCosineArgs& args, const RowsByType& rows) {
  Products p{no_partials(), no_partials(), no_partials(), no_partials()};
  for (std::int64_t i = 0; i < args.dim; i += kNumPartials) {
    add_eight(p, &Partials::low, args, rows, i);
    add_eight(p, &Partials::high, args, rows, i + 8);
  }
  return {tree_sum(p.head), tree_sum(p.first), tree_sum(p.second), tree_sum(p.both)};
}

}  // namespace

void add_pair_cosine_avx2(CpuKernels& table) {
  table.pair_cosine = pair_cosine_sequences<multiply>;
}

}  // namespace reranker::kernels
