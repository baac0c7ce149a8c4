#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

void gelu_avx2(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 8)
    store_first(y + i, gelu_of(load_first(x + i, count - i)), count - i);
}

void tanh_avx2(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 8)
    store_first(y + i, tanh_of(load_first(x + i, count - i)), count - i);
}

}  // namespace

void add_gelu_avx2(CpuKernels& table) {
  table.gelu = gelu_avx2;
  table.tanh = tanh_avx2;
}

}  // namespace reranker::kernels
