#include "kernels/cpu/int8_registers_avx2.hpp"
#include "kernels/cpu/int8_tasks.hpp"

namespace reranker::kernels {
namespace {

// Two vpmaddubsw, added as int16, then one vpmaddwd with ones: three multiplications for two dwords
// of columns where one by one would be four. Weights of Int8Range::quads keep it from saturating.
struct Maddubs : Int8Avx2 {
  static constexpr int kRows = 4;
  static constexpr int kPanels = 1;
  static constexpr int kDwords = 2;
  static inline Ints dot(Ints sums, const Ints (&x)[2], const Ints (&w)[2]) {
    const Ints pairs =
        _mm256_add_epi16(_mm256_maddubs_epi16(x[0], w[0]), _mm256_maddubs_epi16(x[1], w[1]));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

}  // namespace

void add_linear_int8_avx2(CpuKernels& table) {
  table.int8_range = Int8Range::quads;
  table.int8_sequence = "maddubs";
  table.plan_linear_int8 = plan_linear_int8<Maddubs>;
  table.linear_int8 = linear_int8<Maddubs>;
}

}  // namespace reranker::kernels
