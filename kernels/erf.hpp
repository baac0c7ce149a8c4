#pragma once

// erf and, for classify, tanh for floats: the same bits on every instruction set, and within 1.2
// and 1.4 ulp (tests/kernels/erf.cpp). exp is that of exp.hpp, every product and sum is rounded
// once and fused where both meet.
//
// erf(x), t = |x|:
//   t <= kErfSmall   x + x (c[0] + s (c[1] + ... s c[5])),  s = x x,  c = kErfCoefficients
//   else             1 - exp(-t + t (c[0] + t (c[1] + ... t c[5]))) with the sign of x,
//                    c = kErfcCoefficients, t = kErfOne where it is larger: erf is 1 from there on
//
// tanh(x), t = |x|, and with the sign of x:
//   t <= kTanhSmall  t + t (s (c[0] + s (c[1] + ... s c[4]))),  s = t t,  c = kTanhCoefficients
//   else             1 - 2 / (exp(2 t) + 1)
//
// gelu(x) = (x / 2) (1 + erf(x sqrt(1/2))), as PyTorch has it: each product and the sum is rounded,
// so that far below zero, where 1 + erf cancels, its error is that of erf times x / 2. NaN is NaN,
// and so is minus infinity.

namespace reranker::kernels {

constexpr float kSqrtHalf = 0.707106781f;

constexpr float kErfSmall = 0.9375f;
constexpr float kErfOne = 4.0f;
// erf(x) / x - 1 in s on [0, kErfSmall^2]; least largest relative error of erf, 2.0e-8.
constexpr float kErfCoefficients[6] = {0.12837915f,   -0.3761248f,   0.11281619f,
                                       -0.026758676f, 0.0049809245f, -0.00059266336f};
// log(1 - erf(t)) / t + 1 on [kErfSmall, kErfOne]; the same, 2.9e-9.
constexpr float kErfcCoefficients[6] = {-0.12850857f, -0.6357378f,   -0.10523635f,
                                        0.022873703f, -0.003209907f, 0.00021337483f};

constexpr float kTanhSmall = 0.625f;
// (tanh(x) / x - 1) / s on [0, kTanhSmall^2]; the same of tanh, 4.5e-9.
constexpr float kTanhCoefficients[5] = {-0.3333328f, 0.13331406f, -0.053736515f, 0.020628167f,
                                        -0.0056922967f};

}  // namespace reranker::kernels
