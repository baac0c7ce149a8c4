#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void gelu_avx512(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16)
    store_first(y + i, gelu_of(load_first(x + i, count - i)), count - i);
}

void tanh_avx512(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16)
    store_first(y + i, tanh_of(load_first(x + i, count - i)), count - i);
}

}  // namespace

void add_gelu_avx512(CpuKernels& table) {
  table.gelu = gelu_avx512;
  table.tanh = tanh_avx512;
}

}  // namespace reranker::kernels
