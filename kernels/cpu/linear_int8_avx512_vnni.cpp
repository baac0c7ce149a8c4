#include "kernels/cpu/int8_outputs_avx512.hpp"  // first: others include <immintrin.h> as it is

#include "kernels/cpu/int8_interleave_sse2.hpp"

namespace reranker::kernels {
namespace {

// Twelve rows with two panels: 24 of the 32 registers hold sums, many more than the latency of
// vpdpbusd asks for, so that a step has few loads for its products.
struct Avx512Vnni : Int8OutputsAvx512 {
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
};

}  // namespace

void add_linear_int8_avx512_vnni(CpuKernels& table) {
  table.int8_range = Int8Range::full;
  table.int8_sequence = "avx512_vnni";
  table.plan_linear_int8 = plan_linear_int8<Avx512Vnni>;
  table.linear_int8 = linear_int8<Avx512Vnni>;
}

}  // namespace reranker::kernels
