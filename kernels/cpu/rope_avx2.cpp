#include "kernels/cpu/rope_tasks.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

void rotate(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += 8) {
    const std::int64_t left = half - i;
    const __m256 c = load_first(cosines + i, left);
    const __m256 s = load_first(sines + i, left);
    const __m256 a = load_first(head + i, left);
    const __m256 b = load_first(head + half + i, left);
    store_first(head + i, _mm256_fnmadd_ps(b, s, _mm256_mul_ps(a, c)), left);
    store_first(head + half + i, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c)), left);
  }
}

}  // namespace

void add_rope_avx2(CpuKernels& table) {
  table.rope = rope_tokens<rotate>;
}

}  // namespace reranker::kernels
