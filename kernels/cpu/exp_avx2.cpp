#include "kernels/cpu/tables.hpp"
#include "kernels/cpu/vector_avx2.hpp"

namespace reranker::kernels {
namespace {

void exp_avx2(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 8)
    store_first(y + i, exp_of(load_first(x + i, count - i)), count - i);
}

void exp2_avx2(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 8)
    store_first(y + i, exp2_of(load_first(x + i, count - i)), count - i);
}

}  // namespace

void add_exp_avx2(CpuKernels& table) {
  table.exp = exp_avx2;
  table.exp2 = exp2_avx2;
}

}  // namespace reranker::kernels
