// GCC 12 takes the undefined registers that these headers pass to unmasked instructions for ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "kernels/cpu/int8_registers_avx2.hpp"
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

  using Sixteen = Int8Avx2::Sixteen;
  static inline Sixteen dequantized(const std::int32_t* sums, const std::int32_t* offsets,
                                    const float* scales, float scale) {
    return Int8Avx2::dequantized(sums, offsets, scales, scale);
  }
  static inline Sixteen load_sixteen(const float* from, std::int64_t lanes) {
    return Int8Avx2::load_sixteen(from, lanes);
  }
  static inline void store_sixteen(float* to, const Sixteen& y, std::int64_t lanes) {
    Int8Avx2::store_sixteen(to, y, lanes);
  }
  static inline Sixteen sum(const Sixteen& a, const Sixteen& b) { return Int8Avx2::sum(a, b); }
  static inline Sixteen silu_product(const Sixteen& gate, const Sixteen& up) {
    return Int8Avx2::silu_product(gate, up);
  }
};

}  // namespace

void add_linear_int8_avx512_vnni(CpuKernels& table) {
  table.int8_range = Int8Range::full;
  table.int8_sequence = "avx512_vnni";
  table.plan_linear_int8 = plan_linear_int8<Avx512Vnni>;
  table.linear_int8 = linear_int8<Avx512Vnni>;
}

}  // namespace reranker::kernels
