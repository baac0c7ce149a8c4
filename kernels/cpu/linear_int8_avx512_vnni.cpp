#include "kernels/cpu/math_avx512.hpp"  // first: others include <immintrin.h> as it is

#include "kernels/cpu/int8_interleave_sse2.hpp"
#include "kernels/cpu/int8_tasks.hpp"

namespace reranker::kernels {
namespace {

// Twelve rows with two panels: 24 of the 32 registers hold sums, many more than the latency of
// vpdpbusd asks for, so that a step has few loads for its products.
struct Avx512Vnni {
  using Ints = __m512i;
  static constexpr int kRegisters = 1;
  static constexpr int kRows = 12;
  static constexpr int kPanels = 2;
  static constexpr int kDwords = 1;
  // 16 KiB of two panels and 6 of codes in a 32 KiB L1; 144 KiB of codes in a 1 MiB L2.
  static constexpr std::int64_t kBlock = 512;
  static constexpr std::int64_t kMaxRows = 288;

  static inline Ints zeros() { return _mm512_setzero_si512(); }
  static inline Ints load(const void* from) { return _mm512_loadu_si512(from); }
  static inline void store(void* to, Ints x) { _mm512_storeu_si512(to, x); }
  static inline Ints add(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
  static inline Ints broadcast(const std::uint8_t* dword) {
    std::int32_t x;
    std::memcpy(&x, dword, sizeof x);
    return _mm512_set1_epi32(x);
  }
  static inline Ints dot(Ints sums, const Ints (&x)[1], const Ints (&w)[1]) {
    return _mm512_dpbusd_epi32(sums, x[0], w[0]);
  }

  static inline void interleave_four(std::uint8_t* to, std::int64_t step, const std::uint8_t* from,
                                     std::int64_t stride, std::int64_t columns) {
    interleave_four_rows(to, step, from, stride, columns);
  }

  using Sixteen = __m512;
  static inline Sixteen dequantized(const std::int32_t* sums, const std::int32_t* offsets,
                                    const float* scales, float scale) {
    const __m512 s = _mm512_cvtepi32_ps(_mm512_sub_epi32(load(sums), load(offsets)));
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

void add_linear_int8_avx512_vnni(CpuKernels& table) {
  table.int8_range = Int8Range::full;
  table.int8_sequence = "avx512_vnni";
  table.plan_linear_int8 = plan_linear_int8<Avx512Vnni>;
  table.linear_int8 = linear_int8<Avx512Vnni>;
}

}  // namespace reranker::kernels
