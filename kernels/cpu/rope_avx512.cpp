#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/rope_tasks.hpp"

namespace reranker::kernels {
namespace {

void rotate(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += 16) {
    const std::int64_t left = half - i;
    const Floats c = load_first(cosines + i, left);
    const Floats s = load_first(sines + i, left);
    const Floats a = load_first(head + i, left);
    const Floats b = load_first(head + half + i, left);
    store_first(head + i, fnma(b, s, mul(a, c)), left);
    store_first(head + half + i, fma(a, s, mul(b, c)), left);
  }
}

}  // namespace

void add_rope_avx512(CpuKernels& table) {
  table.rope = rope_tokens<rotate>;
}

}  // namespace reranker::kernels
