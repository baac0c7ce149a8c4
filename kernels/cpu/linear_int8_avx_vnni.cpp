#include "kernels/cpu/int8_registers_avx2.hpp"
#include "kernels/cpu/int8_tasks.hpp"

namespace reranker::kernels {
namespace {

struct AvxVnni : Int8Avx2 {
  static constexpr int kRows = 6;
  static constexpr int kPanels = 1;
  static constexpr int kDwords = 1;
  static inline Ints dot(Ints sums, const Ints (&x)[1], const Ints (&w)[1]) {
    return _mm256_dpbusd_avx_epi32(sums, x[0], w[0]);
  }
};

}  // namespace

void add_linear_int8_avx_vnni(CpuKernels& table) {
  table.int8_range = Int8Range::full;
  table.int8_sequence = "avx_vnni";
  table.plan_linear_int8 = plan_linear_int8<AvxVnni>;
  table.linear_int8 = linear_int8<AvxVnni>;
}

}  // namespace reranker::kernels
