#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/cuda/attention.hpp"
#include "kernels/cuda/device.hpp"
#include "tests/support/catch.hpp"

// Attention's inputs, its run on a device, and what fp64 makes of the same numbers.

namespace reranker::kernels::cuda::test {

using Bytes = std::vector<unsigned char>;

inline std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// To nearest, ties to even. NaN stays NaN.
inline std::uint16_t to_bf16(float x) {
  if (std::isnan(x)) return 0x7fff;
  const auto bits = bits_of(x);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

/// The same, for |x| below 65504.
inline std::uint16_t to_fp16(float x) {
  const auto sign = static_cast<std::uint16_t>(bits_of(x) >> 16 & 0x8000u);
  if (std::isnan(x)) return 0x7fff;
  const auto magnitude = std::fabs(x);
  if (magnitude < 0x1p-14f) {  // subnormal: multiples of 2^-24
    return static_cast<std::uint16_t>(sign |
                                      static_cast<unsigned>(std::lrint(magnitude * 0x1p24f)));
  }
  const auto bits = bits_of(magnitude) - (112u << 23);  // 112 = 127 - 15, the exponents' biases
  return static_cast<std::uint16_t>(sign | (bits + 0xfffu + (bits >> 13 & 1)) >> 13);
}

inline double from_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

inline double from_fp16(std::uint16_t word) {
  const double sign = word & 0x8000u ? -1 : 1;
  const int exponent = word >> 10 & 31;
  const int fraction = word & 1023;
  if (exponent == 31) return NAN;
  return exponent == 0 ? sign * fraction * 0x1p-24
                       : sign * std::ldexp(1024 + fraction, exponent - 25);
}

/// Numbers rounded to a type, as they are stored.
inline Bytes store(const std::vector<float>& numbers, Type type) {
  const auto size = static_cast<std::size_t>(size_in_bytes(type));
  Bytes bytes(numbers.size() * size);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const float x = numbers[i];
    const std::uint16_t word = type == Type::bf16   ? to_bf16(x)
                               : type == Type::fp16 ? to_fp16(x)
                                                    : 0;
    std::memcpy(&bytes[i * size], type == Type::fp32 ? static_cast<const void*>(&x) : &word, size);
  }
  return bytes;
}

inline std::vector<double> read(const Bytes& bytes, Type type) {
  const auto size = static_cast<std::size_t>(size_in_bytes(type));
  std::vector<double> numbers(bytes.size() / size);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, &bytes[i * size], size);
    numbers[i] = type == Type::fp32   ? from_bits(word)
                 : type == Type::bf16 ? from_bits(word << 16)
                                      : from_fp16(static_cast<std::uint16_t>(word));
  }
  return numbers;
}

/// Device memory with a copy of `from`.
class OnDevice {
 public:
  OnDevice(const void* from, std::size_t bytes) : bytes_(bytes) {
    REQUIRE(allocate(&memory_, bytes) == kSuccess);
    REQUIRE(copy_to_device(memory_, from, bytes, nullptr) == kSuccess);
  }
  explicit OnDevice(const Bytes& bytes) : OnDevice(bytes.data(), bytes.size()) {}
  ~OnDevice() { release(memory_); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

  void* get() const { return memory_; }
  Bytes read() const {
    Bytes bytes(bytes_);
    REQUIRE(copy_to_host(bytes.data(), memory_, bytes_, nullptr) == kSuccess);
    REQUIRE(synchronize(nullptr) == kSuccess);
    return bytes;
  }

 private:
  void* memory_ = nullptr;
  std::size_t bytes_;
};

struct Shape {
  Type type;
  int num_heads;
  int num_kv_heads;
  int head_dim;

  int width() const { return (num_heads + 2 * num_kv_heads) * head_dim; }
  AttentionArgs args() const {
    return {nullptr, nullptr, nullptr, nullptr, 0, 0, num_heads, num_kv_heads, head_dim, type};
  }
};

struct Batch {
  std::vector<std::int32_t> offsets{0};
  Bytes qkv;  // (num_tokens, width)
};

struct Outputs {
  Bytes out;          // (num_tokens, H * D)
  Bytes log_sum_exp;  // (num_tokens, H), fp32
};

inline std::vector<float> random_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> numbers(count);
  for (auto& x : numbers) x = static_cast<float>(random() >> 8) * 0x1p-22f - 2.0f;  // [-2, 2)
  return numbers;
}

/// Random queries times `sharpness`, random keys plus `offset`, random values.
inline Batch make_batch(const Shape& shape, const std::vector<int>& lengths, float sharpness = 1,
                        float offset = 0) {
  Batch batch;
  for (const int length : lengths) batch.offsets.push_back(batch.offsets.back() + length);
  const auto width = static_cast<std::size_t>(shape.width());
  auto numbers = random_numbers(static_cast<std::size_t>(batch.offsets.back()) * width, 7);
  const auto keys = static_cast<std::size_t>(shape.num_heads * shape.head_dim);
  const auto values = keys + static_cast<std::size_t>(shape.num_kv_heads * shape.head_dim);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i % width < keys) {
      numbers[i] *= sharpness;
    } else if (i % width < values) {
      numbers[i] += offset;
    }
  }
  batch.qkv = store(numbers, shape.type);
  return batch;
}

inline Outputs run(const AttentionKernel& kernel, const Shape& shape, const Batch& batch,
                   bool with_log_sum_exp = true) {
  auto args = shape.args();
  args.num_tokens = batch.offsets.back();
  const auto rows = static_cast<std::size_t>(args.num_tokens * args.num_heads);
  const OnDevice qkv(batch.qkv);
  const OnDevice out(
      Bytes(rows * static_cast<std::size_t>(args.head_dim * size_in_bytes(args.type)), 0xff));
  const OnDevice log_sum_exp(Bytes(rows * sizeof(float), 0xff));
  const auto num_sequences = static_cast<std::int32_t>(batch.offsets.size()) - 1;
  const auto work =
      make_attention_work(batch.offsets.data(), num_sequences, kernel.query_tokens(args));
  const OnDevice items(work.data(), work.size() * sizeof work[0]);
  args.qkv = qkv.get();
  args.out = out.get();
  args.log_sum_exp = with_log_sum_exp ? static_cast<float*>(log_sum_exp.get()) : nullptr;
  args.work = static_cast<const AttentionWork*>(items.get());
  args.num_work = static_cast<std::int32_t>(work.size());
  REQUIRE(kernel.run(args, nullptr) == kSuccess);
  return {out.read(), log_sum_exp.read()};
}

/// The largest relative error of a sequence and head, and of a log-sum-exp (relative to 1 +
/// itself).
struct Errors {
  double out = 0;
  double log_sum_exp = 0;
};

/// fp64 attention of one query of one head: fills `out`, gives the log-sum-exp.
inline double attend(const Shape& shape, const std::vector<double>& qkv, int begin, int end,
                     int token, int head, std::vector<double>& out) {
  const int dim = shape.head_dim;
  const int kv_head = head / (shape.num_heads / shape.num_kv_heads);
  const auto at = [&](int row, int block) {
    return &qkv[static_cast<std::size_t>(row * shape.width() + block * dim)];
  };
  std::vector<double> scores;
  for (int u = begin; u < end; ++u) {
    double score = 0;
    for (int d = 0; d < dim; ++d) score += at(token, head)[d] * at(u, shape.num_heads + kv_head)[d];
    scores.push_back(score / std::sqrt(dim));
  }
  double highest = -INFINITY, sum = 0;
  for (const double s : scores) highest = std::fmax(highest, s);
  out.assign(static_cast<std::size_t>(dim), 0);
  for (int u = begin; u < end; ++u) {
    const double weight = std::exp(scores[static_cast<std::size_t>(u - begin)] - highest);
    const double* value = at(u, shape.num_heads + shape.num_kv_heads + kv_head);
    sum += weight;
    for (int d = 0; d < dim; ++d) out[static_cast<std::size_t>(d)] += weight * value[d];
  }
  for (double& x : out) x /= sum;
  return highest + std::log(sum);
}

inline Errors compare(const Shape& shape, const Batch& batch, const Outputs& outputs,
                      std::size_t sequence) {
  const auto qkv = read(batch.qkv, shape.type);
  const auto out = read(outputs.out, shape.type);
  const auto log_sum_exp = read(outputs.log_sum_exp, Type::fp32);
  const int begin = batch.offsets[sequence], end = batch.offsets[sequence + 1];
  Errors errors;
  std::vector<double> expected;
  for (int head = 0; head < shape.num_heads; ++head) {
    double difference = 0, size = 0;
    for (int token = begin; token < end; ++token) {
      const auto row = static_cast<std::size_t>(token * shape.num_heads + head);
      const double lse = attend(shape, qkv, begin, end, token, head, expected);
      errors.log_sum_exp =
          std::fmax(errors.log_sum_exp, std::fabs(log_sum_exp[row] - lse) / (1 + std::fabs(lse)));
      if (std::isnan(log_sum_exp[row])) errors.log_sum_exp = INFINITY;
      for (std::size_t d = 0; d < expected.size(); ++d) {
        const double error = out[row * expected.size() + d] - expected[d];
        difference += std::isnan(error) ? INFINITY : error * error;
        size += expected[d] * expected[d];
      }
    }
    errors.out = std::fmax(errors.out, std::sqrt(difference / size));
  }
  return errors;
}

}  // namespace reranker::kernels::cuda::test
