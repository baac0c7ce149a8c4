#pragma once

// exp and, for attention, exp2 for floats: the same bits on every instruction set, and within 1 ulp
// wherever the result is a normal number (tests/kernels/exp.cpp).
//
// exp(x), any x:
//   x < kExpMin            +0 (results below the smallest normal number are not made)
//   x > kExpMax            +infinity
//   NaN                    NaN
//   else  n = x / ln 2 rounded to the nearest integer,  r = x - n ln 2 in two fused steps,
//         2^n * (1 + r (1 + r (c[0] + r (c[1] + ... r c[4])))), each step fused
//
// n comes from adding and taking away 1.5 * 2^23 (kExpRound), which leaves it in the low bits
// of the sum; 2^n is an addition to the exponent field.
//
// exp2(x), x <= 0 or NaN, and +0 below kExp2Min:
//         n = x rounded to the nearest integer,  r = x - n, exactly,
//         (1 + r (c[0] + r (c[1] + ... r c[5]))) * 2^n, each step fused, the product exact
//
// n comes from adding kExp2Round, whose low bits hold the bias of 2^n's exponent.

namespace reranker::kernels {

constexpr float kExpMin = -87.3365402f;  // exp of it is 1.1754995e-38, just above 2^-126
constexpr float kExpMax = 88.7228317f;   // exp of it is 3.4027979e+38, just below FLT_MAX
constexpr float kExpRound = 12582912.0f;
constexpr float kLog2E = 1.44269504f;
// ln 2 = high + low; high has 15 bits, so that n * high is exact.
constexpr float kLn2High = 0.693145752f;
constexpr float kLn2Low = 1.42860677e-6f;
// (exp(r) - 1 - r) / r^2 through its Chebyshev nodes on |r| <= ln 2 / 2; relative error 1.1e-8.
constexpr float kExpCoefficients[5] = {0.5f, 0.166665763f, 0.0416665561f, 0.00836320315f,
                                       0.00139262131f};

constexpr float kExp2Min = -126.0f;
constexpr float kExp2Round = 12583039.0f;  // 1.5 * 2^23 + 127
// (2^r - 1) / r through its Chebyshev nodes on |r| <= 1 / 2; relative error 9.2e-9.
constexpr float kExp2Coefficients[6] = {0.693147182f,   0.240226507f,   0.0555035695f,
                                        0.00961808302f, 0.00133908633f, 0.000154531634f};

}  // namespace reranker::kernels
