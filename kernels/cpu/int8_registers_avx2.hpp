#pragma once

#include <cstring>

#include "kernels/cpu/int8_interleave_sse2.hpp"
#include "kernels/cpu/vector_avx2.hpp"

// What the two Isa structs of int8_tile.hpp that have 32-byte registers share.
// Everything is local to the file that includes it.

namespace reranker::kernels {
namespace {

struct Int8Avx2 {
  using Ints = __m256i;
  static constexpr int kRegisters = 2;
  // 16 KiB of a panel and 4 to 6 of codes in a 32 KiB L1; 144 KiB of codes in a 512 KiB L2.
  static constexpr std::int64_t kBlock = 1024;
  static constexpr std::int64_t kMaxRows = 144;

  static inline Ints zeros() { return _mm256_setzero_si256(); }
  static inline Ints load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static inline void store(void* to, Ints x) { _mm256_storeu_si256(static_cast<__m256i*>(to), x); }
  static inline Ints add(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
  static inline Ints broadcast(const std::uint8_t* dword) {
    std::int32_t x;
    std::memcpy(&x, dword, sizeof x);
    return _mm256_set1_epi32(x);
  }

  static inline void interleave_four(std::uint8_t* to, std::int64_t step, const std::uint8_t* from,
                                     std::int64_t stride, std::int64_t columns) {
    interleave_four_rows(to, step, from, stride, columns);
  }

  struct Sixteen {
    __m256 low;
    __m256 high;
  };
  static inline __m256 eight(const std::int32_t* sums, const std::int32_t* offsets,
                             const float* scales, float scale) {
    const __m256 s = _mm256_cvtepi32_ps(_mm256_sub_epi32(load(sums), load(offsets)));
    return _mm256_mul_ps(_mm256_mul_ps(s, _mm256_loadu_ps(scales)), _mm256_set1_ps(scale));
  }
  static inline Sixteen dequantized(const std::int32_t* sums, const std::int32_t* offsets,
                                    const float* scales, float scale) {
    return {eight(sums, offsets, scales, scale), eight(sums + 8, offsets + 8, scales + 8, scale)};
  }
  static inline Sixteen load_sixteen(const float* from, std::int64_t lanes) {
    return {load_first(from, lanes), load_first(from + 8, lanes - 8)};
  }
  static inline void store_sixteen(float* to, const Sixteen& y, std::int64_t lanes) {
    store_first(to, y.low, lanes);
    store_first(to + 8, y.high, lanes - 8);
  }
  static inline Sixteen sum(const Sixteen& a, const Sixteen& b) {
    return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
  }
  static inline Sixteen silu_product(const Sixteen& gate, const Sixteen& up) {
    return {_mm256_mul_ps(silu_of(gate.low), up.low), _mm256_mul_ps(silu_of(gate.high), up.high)};
  }
  static inline Sixteen gelu(const Sixteen& y) { return {gelu_of(y.low), gelu_of(y.high)}; }
};

}  // namespace
}  // namespace reranker::kernels
