#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include <Eigen/Core>

#include "kernels/cpu/cpu_kernels.hpp"
#include "tests/kernels/portable.hpp"
#include "tests/support/catch.hpp"

namespace reranker::kernels::test {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Largest |error| over the largest |expected| that fp32 kernels may make against double.
constexpr double kTolerance = 1e-6;             // one rounding or a few
constexpr double kProductTolerance = 4e-6;      // sums of up to 8192 products
constexpr double kAttentionTolerance = 1e-5;    // exp of differences of sums
constexpr double kLargeLogitsTolerance = 1e-3;  // the same where scores reach a few hundred

/// Uniform in [-scale, scale), the same on every platform.
inline std::vector<float> random_floats(std::int64_t count, unsigned seed, float scale = 1.0f) {
  std::mt19937 random(seed);
  std::vector<float> x(static_cast<std::size_t>(count));
  for (float& v : x) v = scale * (static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f);
  return x;
}

inline std::vector<std::uint16_t> random_bf16(std::int64_t count, unsigned seed) {
  std::vector<std::uint16_t> words;
  for (const float v : random_floats(count, seed)) {
    std::uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    words.push_back(static_cast<std::uint16_t>(bits >> 16));
  }
  return words;
}

inline float from_bf16(std::uint16_t word) {
  const std::uint32_t bits = std::uint32_t{word} << 16;
  float v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

/// By the definition of the format, in double.
inline float from_fp16(std::uint16_t word) {
  const int exponent = (word >> 10) & 31;
  const int mantissa = word & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return static_cast<float>((word & 0x8000) != 0 ? -magnitude : magnitude);
}

/// Finite fp16 words around 1 and some denormal ones.
inline std::vector<std::uint16_t> random_fp16(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint16_t> words(static_cast<std::size_t>(count));
  for (auto& w : words) {
    const unsigned bits = random();
    const unsigned exponent = bits % 17;  // up to 2^1
    w = static_cast<std::uint16_t>((bits >> 16 & 0x83ffu) | exponent << 10);
  }
  return words;
}

/// Memory aligned as kernels want it, filled with NaN bytes so that a read of what nobody wrote
/// shows.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes)
      : bytes_(bytes), data_(::operator new (bytes + 1, std::align_val_t{kAlignment})) {
    std::memset(data_, 0xff, bytes_);
  }
  ~Buffer() { ::operator delete (data_, std::align_val_t{kAlignment}); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  void* data() const { return data_; }
  std::size_t size() const { return bytes_; }

 private:
  std::size_t bytes_;
  void* data_;
};

/// Runs a plan's tasks last to first, every one with a scratch of its own.
template <typename Args>
void run(const Args& args, Plan (*plan_of)(const Args&, int),
         void (*op)(const Args&, const Plan&, std::int64_t, void*), int num_threads = 1) {
  const Plan plan = plan_of(args, num_threads);
  for (std::int64_t task = plan.num_tasks; task-- > 0;) {
    const Buffer scratch(plan.scratch_bytes);
    op(args, plan, task, scratch.data());
  }
}

/// Every table that this machine can run beside the generic one.
inline std::vector<const CpuKernels*> fast_tables() {
  std::vector<const CpuKernels*> tables;
  for (const char* isa : {"avx2", "avx512"}) {
    if (const CpuKernels* table = find_cpu_kernels(isa)) {
      tables.push_back(table);
    } else {
      WARN("skipped: this machine cannot run the " << isa << " kernels");
    }
  }
  return tables;
}

/// Those and the portable one, which is as slow as the generic one: all that must give its bits.
inline std::vector<const CpuKernels*> other_tables() {
  auto tables = fast_tables();
  tables.push_back(&portable_kernels());
  return tables;
}

inline std::vector<const CpuKernels*> all_tables() {
  auto tables = other_tables();
  tables.insert(tables.begin(), &generic_kernels());
  return tables;
}

/// A unit of the last place of a float of that size.
inline double unit(double size) {
  int exponent;
  std::frexp(size, &exponent);
  return std::ldexp(1.0, exponent - 24);
}

/// Error in units of the last place of the exact result.
inline double ulps(float actual, double exact) {
  return std::abs(actual - exact) / unit(exact);
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return false;
  return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Products (tokens, n) with a bias and what follows it, by the definition of linear.hpp; not
/// swiglu.
inline std::vector<float> finished(std::vector<float> y, const std::vector<float>& bias,
                                   Epilogue epilogue, const std::vector<float>& residual) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] += bias[i % bias.size()];
    if (epilogue == Epilogue::add) y[i] += residual[i];
    if (epilogue != Epilogue::gelu) continue;
    const float argument = y[i];
    generic_kernels().gelu(&y[i], &argument, 1);
  }
  return y;
}

/// Epilogues that a bias comes before.
inline constexpr Epilogue kBiasedEpilogues[] = {Epilogue::store, Epilogue::add, Epilogue::gelu};

inline Matrix exact_gelu(const Matrix& x) {
  return x.unaryExpr([](double v) { return 0.5 * v * std::erfc(-v * std::sqrt(0.5)); });
}

inline Eigen::Map<const FloatMatrix> as_matrix(const std::vector<float>& x, std::int64_t rows,
                                               std::int64_t columns) {
  return {x.data(), rows, columns};
}

/// The larger of two errors; NaN is the largest.
inline double larger_error(double a, double b) {
  return std::isnan(b) ? INFINITY : std::max(a, b);
}

/// Largest difference, relative to the largest expected value.
inline double error(const std::vector<float>& actual, const Matrix& expected) {
  const auto a = as_matrix(actual, expected.rows(), expected.cols()).cast<double>();
  const double scale = expected.cwiseAbs().maxCoeff();
  const double worst = (a - expected).cwiseAbs().maxCoeff();
  return std::isnan(a.sum()) ? INFINITY : worst / (scale > 0 ? scale : 1);
}

/// a * b, term by term: Eigen's own blocked product takes minutes to compile under sanitizers.
inline Matrix product(const Matrix& a, const Matrix& b) {
  return a.lazyProduct(b);
}

/// Token offsets of sequences of these lengths.
inline std::vector<std::int32_t> offsets_of(const std::vector<int>& lengths) {
  std::vector<std::int32_t> offsets{0};
  for (const int length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

}  // namespace reranker::kernels::test
