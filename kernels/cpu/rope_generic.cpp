#include "kernels/cpu/rope_tasks.hpp"
#include "kernels/cpu/scalar.hpp"

namespace reranker::kernels {
namespace {

void rotate(float* head, const float* cosines, const float* sines, std::int64_t half) {
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = head[i];
    const float b = head[i + half];
    head[i] = std::fma(-b, sines[i], a * cosines[i]);
    head[i + half] = std::fma(a, sines[i], b * cosines[i]);
  }
}

}  // namespace

void add_rope_generic(CpuKernels& table) {
  table.rope = rope_tokens<rotate>;
}

}  // namespace reranker::kernels
