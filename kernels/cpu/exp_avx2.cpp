#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

void exp_avx2(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 8) {
    const __m256i mask = first_lanes(count - i < 8 ? count - i : 8);
    _mm256_maskstore_ps(y + i, mask, exp_of(_mm256_maskload_ps(x + i, mask)));
  }
}

void exp2_avx2(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 8) {
    const __m256i mask = first_lanes(count - i < 8 ? count - i : 8);
    _mm256_maskstore_ps(y + i, mask, exp2_of(_mm256_maskload_ps(x + i, mask)));
  }
}

}  // namespace

void add_exp_avx2(CpuKernels& table) {
  table.exp = exp_avx2;
  table.exp2 = exp2_avx2;
}

}  // namespace reranker::kernels
