#pragma once

#include <immintrin.h>

#include "kernels/exp.hpp"
#include "kernels/gelu.hpp"
#include "kernels/sums.hpp"
#include "kernels/types.hpp"

// The arithmetic of scalar.hpp, eight lanes at a time. For <op>_avx2.cpp only: everything is local
// to the file that includes it.

namespace reranker::kernels {
namespace {

/// Lanes [0, count) set, count from 0 to 8.
inline __m256i first_lanes(std::int64_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lanes);
}

/// The first `count` of eight floats, zeros after them; count may exceed 8.
inline __m256 load_first(const float* from, std::int64_t count) {
  return count >= 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, first_lanes(count));
}

/// Masked stores are a dozen times slower than whole ones on Zen: for the tail alone.
inline void store_first(float* to, __m256 x, std::int64_t count) {
  if (count >= 8)
    _mm256_storeu_ps(to, x);
  else
    _mm256_maskstore_ps(to, first_lanes(count), x);
}

/// a * b of the first `count` lanes, added to `sum`; other lanes stay as they are.
inline __m256 add_first(__m256 sum, __m256 a, __m256 b, std::int64_t count) {
  const __m256 added = _mm256_fmadd_ps(a, b, sum);
  return count >= 8 ? added : _mm256_blendv_ps(sum, added, _mm256_castsi256_ps(first_lanes(count)));
}

inline __m256 exp_of(__m256 x) {  // exp.hpp
  const __m256 round = _mm256_set1_ps(kExpRound);
  const __m256 shifted = _mm256_fmadd_ps(x, _mm256_set1_ps(kLog2E), round);
  const __m256 n = _mm256_sub_ps(shifted, round);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(kLn2High), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(kLn2Low), r);
  __m256 p = _mm256_set1_ps(kExpCoefficients[4]);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(kExpCoefficients[3]));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(kExpCoefficients[2]));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(kExpCoefficients[1]));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(kExpCoefficients[0]));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  const __m256i power = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
  p = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), power));

  const __m256 too_small = _mm256_cmp_ps(x, _mm256_set1_ps(kExpMin), _CMP_LT_OQ);
  const __m256 too_big = _mm256_cmp_ps(x, _mm256_set1_ps(kExpMax), _CMP_NLE_UQ);  // or NaN
  const __m256 infinite = _mm256_add_ps(x, _mm256_set1_ps(__builtin_inff()));
  return _mm256_blendv_ps(_mm256_andnot_ps(too_small, p), infinite, too_big);
}

/// exp.hpp, x <= 0. A chain of dependent steps takes some 40 cycles: several side by side keep the
/// multipliers busier than the processor would by looking ahead.
template <int Count>
inline void exp2_each(__m256 (&x)[Count]) {
  const __m256 round = _mm256_set1_ps(kExp2Round);
  __m256 r[Count];
  __m256 p[Count];
  __m256i power[Count];
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) {
    const __m256 shifted = _mm256_add_ps(x[i], round);
    r[i] = _mm256_sub_ps(x[i], _mm256_sub_ps(shifted, round));
    power[i] = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    p[i] = _mm256_set1_ps(kExp2Coefficients[5]);
  }
#pragma GCC unroll 8
  for (int c = 4; c >= 0; --c)
#pragma GCC unroll 4
    for (int i = 0; i < Count; ++i)
      p[i] = _mm256_fmadd_ps(p[i], r[i], _mm256_set1_ps(kExp2Coefficients[c]));
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) {
    p[i] = _mm256_fmadd_ps(p[i], r[i], _mm256_set1_ps(1.0f));
    p[i] = _mm256_mul_ps(p[i], _mm256_castsi256_ps(power[i]));
    const __m256 too_small = _mm256_cmp_ps(x[i], _mm256_set1_ps(kExp2Min), _CMP_LT_OQ);
    x[i] = _mm256_andnot_ps(too_small, p[i]);
  }
}

inline __m256 exp2_of(__m256 x) {
  __m256 one[1] = {x};
  exp2_each(one);
  return one[0];
}

inline __m256 gelu_of(__m256 x) {  // gelu.hpp
  const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
  const __m256 t = _mm256_min_ps(_mm256_set1_ps(kGeluEnd), magnitude);  // NaN stays NaN
  __m256 p = _mm256_set1_ps(kGeluCoefficients[8]);
#pragma GCC unroll 8
  for (int i = 7; i >= 0; --i) p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(kGeluCoefficients[i]));
  const __m256 q = exp2_of(_mm256_fmadd_ps(t, p, _mm256_set1_ps(-1.0f)));
  return _mm256_fnmadd_ps(t, q, _mm256_max_ps(x, _mm256_setzero_ps()));
}

inline __m256 tanh_of(__m256 x) {  // gelu.hpp
  const __m256 one = _mm256_set1_ps(1.0f);
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0f));
  const __m256 t = _mm256_xor_ps(x, sign);
  const __m256 square = _mm256_mul_ps(t, t);
  __m256 p = _mm256_set1_ps(kTanhCoefficients[4]);
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(kTanhCoefficients[3]));
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(kTanhCoefficients[2]));
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(kTanhCoefficients[1]));
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(kTanhCoefficients[0]));
  const __m256 small = _mm256_fmadd_ps(t, _mm256_mul_ps(p, square), t);

  const __m256 power = _mm256_add_ps(exp_of(_mm256_add_ps(t, t)), one);
  const __m256 large = _mm256_sub_ps(one, _mm256_div_ps(_mm256_set1_ps(2.0f), power));
  const __m256 is_large = _mm256_cmp_ps(t, _mm256_set1_ps(kTanhSmall), _CMP_GT_OQ);
  return _mm256_or_ps(_mm256_blendv_ps(small, large, is_large), sign);
}

inline __m256 silu_of(__m256 x) {
  const __m256 minus_x = _mm256_xor_ps(x, _mm256_set1_ps(-0.0f));
  const __m256 one = _mm256_set1_ps(1.0f);
  return _mm256_div_ps(x, _mm256_add_ps(one, exp_of(minus_x)));
}

/// The sixteen partial sums of sums.hpp.
struct Partials {
  __m256 low;   // partials 0..7
  __m256 high;  // partials 8..15
};

inline Partials no_partials() {
  return {_mm256_setzero_ps(), _mm256_setzero_ps()};
}

/// The tree of sums.hpp.
inline float tree_sum(const Partials& partials) {
  const __m256 eight = _mm256_add_ps(partials.low, partials.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// 1 / sqrt(mean x^2 + eps) of a row of x (rms_norm.hpp).
inline float inverse_rms(const float* x, std::int64_t dim, float eps) {
  Partials p = no_partials();
  std::int64_t i = 0;
  for (; i + kNumPartials <= dim; i += kNumPartials) {
    const __m256 low = _mm256_loadu_ps(x + i);
    const __m256 high = _mm256_loadu_ps(x + i + 8);
    p.low = _mm256_fmadd_ps(low, low, p.low);
    p.high = _mm256_fmadd_ps(high, high, p.high);
  }
  for (int half = 0; half < 2; ++half) {
    __m256* part = half == 0 ? &p.low : &p.high;
    const std::int64_t left = dim - i < 0 ? 0 : dim - i;
    const __m256i mask = first_lanes(left < 8 ? left : 8);
    const __m256 tail = _mm256_maskload_ps(x + i, mask);
    const __m256 sum = _mm256_fmadd_ps(tail, tail, *part);
    *part = _mm256_blendv_ps(*part, sum, _mm256_castsi256_ps(mask));
    i += 8;
  }
  const __m128 mean = _mm_div_ss(_mm_set_ss(tree_sum(p)), _mm_set_ss(static_cast<float>(dim)));
  const __m128 root = _mm_sqrt_ss(_mm_add_ss(mean, _mm_set_ss(eps)));
  return _mm_cvtss_f32(_mm_div_ss(_mm_set_ss(1.0f), root));
}

}  // namespace
}  // namespace reranker::kernels
