#pragma once

// Sixteen floats at a time: all that <op>_avx512.cpp knows of the processor. The same names in
// plain C++ are in vector_portable.hpp, so that the kernels' arithmetic is tested on every machine.
// Everything is local to the file that includes it.

#ifdef RERANKER_PORTABLE_VECTORS
#include "kernels/cpu/vector_portable.hpp"
#else

#include <cstdint>

#include "kernels/cpu/intrinsics_avx512.hpp"

namespace reranker::kernels {
namespace {

using Floats = __m512;
using Lanes = __mmask16;  // a choice of lanes: bit j is lane j

/// Lanes [0, count), count from 0 to 16.
inline Lanes first_lanes(std::int64_t count) {
  return static_cast<Lanes>((1u << count) - 1u);
}
/// Lanes where a < b; none where either is NaN.
inline Lanes less(Floats a, Floats b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
/// Lanes where a <= b; none where either is NaN.
inline Lanes at_most(Floats a, Floats b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
/// `a` in `lanes`, `b` in the others.
inline Floats pick(Lanes lanes, Floats a, Floats b) {
  return _mm512_mask_blend_ps(lanes, b, a);
}

inline Floats zeros() {
  return _mm512_setzero_ps();
}
inline Floats fill(float x) {
  return _mm512_set1_ps(x);
}
inline Floats load(const float* from) {
  return _mm512_loadu_ps(from);
}
/// Zeros in the other lanes, whose memory is not touched.
inline Floats load_lanes(const float* from, Lanes lanes) {
  return _mm512_maskz_loadu_ps(lanes, from);
}
inline void store(float* to, Floats x) {
  _mm512_storeu_ps(to, x);
}
inline void store_lanes(float* to, Floats x, Lanes lanes) {
  _mm512_mask_storeu_ps(to, lanes, x);
}

inline Floats add(Floats a, Floats b) {
  return _mm512_add_ps(a, b);
}
inline Floats sub(Floats a, Floats b) {
  return _mm512_sub_ps(a, b);
}
inline Floats mul(Floats a, Floats b) {
  return _mm512_mul_ps(a, b);
}
/// a * b in `lanes`, zeros in the others.
inline Floats mul_lanes(Lanes lanes, Floats a, Floats b) {
  return _mm512_maskz_mul_ps(lanes, a, b);
}
inline Floats div(Floats a, Floats b) {
  return _mm512_div_ps(a, b);
}
/// a * b + c, rounded once.
inline Floats fma(Floats a, Floats b, Floats c) {
  return _mm512_fmadd_ps(a, b, c);
}
/// c - a * b, rounded once.
inline Floats fnma(Floats a, Floats b, Floats c) {
  return _mm512_fnmadd_ps(a, b, c);
}
/// The greater one; b where either is NaN.
inline Floats max_of(Floats a, Floats b) {
  return _mm512_max_ps(a, b);
}
inline Floats negate(Floats x) {
  return _mm512_xor_ps(x, _mm512_set1_ps(-0.0f));
}
/// x without its sign.
inline Floats magnitude_of(Floats x) {
  return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x);
}
/// x, whose sign is plus, with the sign of `from`.
inline Floats with_sign(Floats x, Floats from) {
  return _mm512_or_ps(x, _mm512_and_ps(from, _mm512_set1_ps(-0.0f)));
}
inline float square_root(float x) {
  return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
}

/// The low bits of x moved to where a float's exponent is.
inline Floats as_exponent(Floats x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 23));
}
/// Sum of the bits of a and b as integers.
inline Floats add_bits(Floats a, Floats b) {
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

inline Floats widen_bf16(const std::uint16_t* from, Lanes lanes) {
  const __m512i words = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
}
inline Floats widen_fp16(const std::uint16_t* from, Lanes lanes) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, from));
}

/// A step of a bf16 panel (linear.hpp): lanes 0..7 from the low, 8..15 from the high halves of 8
/// dwords. They are read twice, which costs nothing, and then one shuffle moves and clears bytes.
inline Floats widen_panel(const std::uint16_t* step) {
  const __m256i dwords = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(step));
  const __m128i low = _mm_setr_epi8(-1, -1, 0, 1, -1, -1, 4, 5, -1, -1, 8, 9, -1, -1, 12, 13);
  const __m128i high = _mm_setr_epi8(-1, -1, 2, 3, -1, -1, 6, 7, -1, -1, 10, 11, -1, -1, 14, 15);
  const __m512i bytes = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_broadcastsi128_si256(low)),
                                           _mm256_broadcastsi128_si256(high), 1);
  return _mm512_castsi512_ps(_mm512_shuffle_epi8(_mm512_broadcast_i64x4(dwords), bytes));
}

/// The tree of sums.hpp.
inline float tree_sum(Floats p) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(p), _mm512_extractf32x8_ps(p, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline float largest(Floats x) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// Rows become columns.
inline void transpose_16x16(Floats (&m)[16]) {
  __m512d pairs[16];
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_castps_pd(_mm512_unpacklo_ps(m[i], m[i + 1]));
    pairs[i + 1] = _mm512_castps_pd(_mm512_unpackhi_ps(m[i], m[i + 1]));
  }
  // quads[i + c]: columns c, 4 + c, 8 + c and 12 + c of rows i..i+3, four floats each.
  Floats quads[16];
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; ++j) {
      quads[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[i + j], pairs[i + j + 2]));
      quads[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[i + j], pairs[i + j + 2]));
    }
  for (int c = 0; c < 4; ++c) {
    const Floats even_up = _mm512_shuffle_f32x4(quads[c], quads[4 + c], 0x88);
    const Floats odd_up = _mm512_shuffle_f32x4(quads[c], quads[4 + c], 0xdd);
    const Floats even_down = _mm512_shuffle_f32x4(quads[8 + c], quads[12 + c], 0x88);
    const Floats odd_down = _mm512_shuffle_f32x4(quads[8 + c], quads[12 + c], 0xdd);
    m[c] = _mm512_shuffle_f32x4(even_up, even_down, 0x88);
    m[8 + c] = _mm512_shuffle_f32x4(even_up, even_down, 0xdd);
    m[4 + c] = _mm512_shuffle_f32x4(odd_up, odd_down, 0x88);
    m[12 + c] = _mm512_shuffle_f32x4(odd_up, odd_down, 0xdd);
  }
}

}  // namespace
}  // namespace reranker::kernels

#endif
