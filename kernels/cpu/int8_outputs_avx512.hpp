#pragma once

#include "kernels/cpu/math_avx512.hpp"  // first: others include <immintrin.h> as it is

#include "kernels/cpu/int8_tasks.hpp"

// What int8_tasks.hpp makes of sums, sixteen at a time. For linear_int8_<isa>.cpp only: everything
// is local to the file that includes it.

namespace reranker::kernels {
namespace {

struct Int8OutputsAvx512 {
  using Sixteen = __m512;
  static inline Sixteen dequantized(const std::int32_t* sums, const std::int32_t* offsets,
                                    const float* scales, float scale) {
    const __m512 s =
        _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_loadu_si512(sums), _mm512_loadu_si512(offsets)));
    return _mm512_mul_ps(_mm512_mul_ps(s, _mm512_loadu_ps(scales)), _mm512_set1_ps(scale));
  }
  static inline __mmask16 first_sixteen(std::int64_t lanes) {
    return static_cast<__mmask16>((1u << lanes) - 1u);
  }
  static inline Sixteen load_sixteen(const float* from, std::int64_t lanes) {
    return lanes == 16 ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(first_sixteen(lanes), from);
  }
  static inline void store_sixteen(float* to, Sixteen y, std::int64_t lanes) {
    if (lanes == 16)
      _mm512_storeu_ps(to, y);
    else
      _mm512_mask_storeu_ps(to, first_sixteen(lanes), y);
  }
  static inline Sixteen sum(Sixteen a, Sixteen b) { return _mm512_add_ps(a, b); }
  static inline Sixteen silu_product(Sixteen gate, Sixteen up) { return mul(silu_of(gate), up); }
  static inline Sixteen gelu(Sixteen y) { return gelu_of(y); }
};

}  // namespace
}  // namespace reranker::kernels
