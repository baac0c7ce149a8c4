#pragma once

// gelu, the exact one with erf, and for classify tanh for floats: the same bits on every
// instruction set (tests/kernels/gelu.cpp). exp and exp2 are those of exp.hpp, every product and
// sum is rounded once and fused where both meet.
//
// gelu(x) = x (1 + erf(x sqrt(1/2))) / 2 = max(x, 0) - t q(t),  t = |x|, kGeluEnd where it is
// larger,
//   q(t), the share of a bell curve that lies over t, = exp2(-1 + t (c[0] + t (c[1] + ... t
//   c[8]))), c = kGeluCoefficients
//
// The difference is one fused step. Within 2.1 ulp above zero; below it within 1.24 ulp of x, and
// within 4e-5 of gelu(x) as far as -6, where PyTorch's own 1 + erf cancels. From there on it stays
// at -6e-9, and of minus infinity, too, where PyTorch's is NaN. Of NaN it is NaN.
//
// tanh(x), t = |x|, and with the sign of x, within 1.4 ulp:
//   t <= kTanhSmall  t + t (s (c[0] + s (c[1] + ... s c[4]))),  s = t t,  c = kTanhCoefficients
//   else             1 - 2 / (exp(2 t) + 1)

namespace reranker::kernels {

constexpr float kGeluEnd = 6.0f;
// (log2(erfc(t sqrt(1/2)) / 2) + 1) / t on [0, kGeluEnd]; least largest error of the exponent,
// weighed by t times the larger of q / (1 - q), which makes it gelu's relative error above zero,
// and 0.001: 2.8e-8.
constexpr float kGeluCoefficients[9] = {-1.151106f,    -0.4591974f,     -0.05253728f,
                                        0.0071287835f, -0.00018352036f, -0.00017423434f,
                                        4.1146068e-5f, -4.182008e-6f,   1.6790875e-7f};

constexpr float kTanhSmall = 0.625f;
// (tanh(x) / x - 1) / s on [0, kTanhSmall^2]; the same of tanh, 4.5e-9.
constexpr float kTanhCoefficients[5] = {-0.3333328f, 0.13331406f, -0.053736515f, 0.020628167f,
                                        -0.0056922967f};

}  // namespace reranker::kernels
