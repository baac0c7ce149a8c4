#include <cmath>

#include "kernels/rope.hpp"

namespace reranker::kernels {
namespace {

constexpr double kTwoOverPi = 0.63661977236758134308;
// pi / 2 in two doubles. With fused steps the remainder of an angle below 2^20 is off by less than
// 2^-53: its quotient has 20 bits, and what two doubles leave of pi / 2 is below 2^-107.
constexpr double kHalfPiHigh = 1.57079632679489655800;
constexpr double kHalfPiLow = 6.12323399573676603587e-17;

// Taylor's series on |x| <= pi / 4, first neglected term below 2^-54. Horner in fused steps.
constexpr double kSine[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,         1.0 / 362880,
                            -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000};
constexpr double kCosine[] = {
    -1.0 / 2,       1.0 / 24,        -1.0 / 720,         1.0 / 40320,
    -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000};

template <int Terms>
double horner(const double (&coefficients)[Terms], double x) {
  double sum = coefficients[Terms - 1];
  for (int i = Terms - 2; i >= 0; --i) sum = std::fma(sum, x, coefficients[i]);
  return sum;
}

void cosine_and_sine(double angle, float& cosine, float& sine) {
  const double quotient = std::floor(std::fma(angle, kTwoOverPi, 0.5));
  double x = std::fma(-quotient, kHalfPiHigh, angle);
  x = std::fma(-quotient, kHalfPiLow, x);
  const double square = x * x;
  const double s = std::fma(x * square, horner(kSine, square), x);
  const double c = std::fma(square, horner(kCosine, square), 1.0);
  const auto quadrant = static_cast<std::int64_t>(quotient) & 3;
  const bool swapped = (quadrant & 1) != 0;
  const double turned_cosine = swapped ? s : c;
  const double turned_sine = swapped ? c : s;
  cosine = static_cast<float>(quadrant == 1 || quadrant == 2 ? -turned_cosine : turned_cosine);
  sine = static_cast<float>(quadrant >= 2 ? -turned_sine : turned_sine);
}

}  // namespace

std::int64_t rope_table_size(std::int64_t max_positions, std::int64_t head_dim) {
  return max_positions * (head_dim / 2) * 2;
}

void make_rope_table(float* table, const float* inv_freq, std::int64_t max_positions,
                     std::int64_t head_dim) {
  const std::int64_t half = head_dim / 2;
  for (std::int64_t p = 0; p < max_positions; ++p) {
    float* cosines = table + p * 2 * half;
    for (std::int64_t i = 0; i < half; ++i) {
      const float angle = static_cast<float>(p) * inv_freq[i];
      cosine_and_sine(static_cast<double>(angle), cosines[i], cosines[half + i]);
    }
  }
}

}  // namespace reranker::kernels
