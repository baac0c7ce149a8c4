#pragma once

#include "kernels/cpu/vector_avx512.hpp"
#include "kernels/exp.hpp"
#include "kernels/gelu.hpp"
#include "kernels/sums.hpp"
#include "kernels/types.hpp"

// The arithmetic of scalar.hpp, sixteen lanes at a time: the sixteen partial sums of sums.hpp are
// one vector. For <op>_avx512.cpp only: everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

/// The first `count` of sixteen floats, zeros after them; count may exceed 16.
inline Floats load_first(const float* from, std::int64_t count) {
  return count >= kNumPartials ? load(from) : load_lanes(from, first_lanes(count));
}

/// Masked stores are slower than whole ones on Zen: for the tail alone.
inline void store_first(float* to, Floats x, std::int64_t count) {
  if (count >= kNumPartials)
    store(to, x);
  else
    store_lanes(to, x, first_lanes(count));
}

inline Floats exp_of(Floats x) {  // exp.hpp
  const Floats round = fill(kExpRound);
  const Floats shifted = fma(x, fill(kLog2E), round);
  const Floats n = sub(shifted, round);
  Floats r = fnma(n, fill(kLn2High), x);
  r = fnma(n, fill(kLn2Low), r);
  Floats p = fill(kExpCoefficients[4]);
  p = fma(p, r, fill(kExpCoefficients[3]));
  p = fma(p, r, fill(kExpCoefficients[2]));
  p = fma(p, r, fill(kExpCoefficients[1]));
  p = fma(p, r, fill(kExpCoefficients[0]));
  p = fma(p, r, fill(1.0f));
  p = fma(p, r, fill(1.0f));
  p = add_bits(p, as_exponent(shifted));

  const Floats infinite = add(x, fill(__builtin_inff()));  // NaN stays NaN
  const Floats small_or_not = pick(less(x, fill(kExpMin)), zeros(), p);
  return pick(at_most(x, fill(kExpMax)), small_or_not, infinite);
}

inline Floats exp2_of(Floats x) {  // exp.hpp, x <= 0
  const Floats round = fill(kExp2Round);
  const Floats shifted = add(x, round);
  const Floats r = sub(x, sub(shifted, round));
  Floats p = fill(kExp2Coefficients[5]);
  p = fma(p, r, fill(kExp2Coefficients[4]));
  p = fma(p, r, fill(kExp2Coefficients[3]));
  p = fma(p, r, fill(kExp2Coefficients[2]));
  p = fma(p, r, fill(kExp2Coefficients[1]));
  p = fma(p, r, fill(kExp2Coefficients[0]));
  p = fma(p, r, fill(1.0f));
  const Lanes too_small = less(x, fill(kExp2Min));
  return mul_lanes(static_cast<Lanes>(~too_small), p, as_exponent(shifted));
}

inline Floats gelu_of(Floats x) {  // gelu.hpp
  const Floats magnitude = magnitude_of(x);
  const Floats end = fill(kGeluEnd);
  const Floats t = pick(less(end, magnitude), end, magnitude);  // NaN stays NaN
  Floats p = fill(kGeluCoefficients[8]);
#pragma GCC unroll 8
  for (int i = 7; i >= 0; --i) p = fma(p, t, fill(kGeluCoefficients[i]));
  const Floats q = exp2_of(fma(t, p, fill(-1.0f)));
  return fnma(t, q, max_of(x, zeros()));
}

inline Floats tanh_of(Floats x) {  // gelu.hpp
  const Floats t = magnitude_of(x);
  const Floats square = mul(t, t);
  Floats p = fill(kTanhCoefficients[4]);
  p = fma(p, square, fill(kTanhCoefficients[3]));
  p = fma(p, square, fill(kTanhCoefficients[2]));
  p = fma(p, square, fill(kTanhCoefficients[1]));
  p = fma(p, square, fill(kTanhCoefficients[0]));
  const Floats small = fma(t, mul(p, square), t);

  const Floats rest = div(fill(2.0f), add(exp_of(add(t, t)), fill(1.0f)));
  const Floats large = sub(fill(1.0f), rest);
  return with_sign(pick(less(fill(kTanhSmall), t), large, small), x);
}

inline Floats silu_of(Floats x) {
  return div(x, add(fill(1.0f), exp_of(negate(x))));
}

/// 1 / sqrt(mean x^2 + eps) of a row of x (rms_norm.hpp).
inline float inverse_rms(const float* x, std::int64_t dim, float eps) {
  Floats p = zeros();
  std::int64_t i = 0;
  for (; i + kNumPartials <= dim; i += kNumPartials) p = fma(load(x + i), load(x + i), p);
  const Lanes rest = first_lanes(dim - i);
  const Floats tail = load_lanes(x + i, rest);
  const float sum = tree_sum(pick(rest, fma(tail, tail, p), p));
  return 1.0f / square_root(sum / static_cast<float>(dim) + eps);
}

}  // namespace
}  // namespace reranker::kernels
