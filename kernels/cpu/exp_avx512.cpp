#include "kernels/cpu/math_avx512.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void exp_avx512(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16)
    store_first(y + i, exp_of(load_first(x + i, count - i)), count - i);
}

void exp2_avx512(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16)
    store_first(y + i, exp2_of(load_first(x + i, count - i)), count - i);
}

}  // namespace

void add_exp_avx512(CpuKernels& table) {
  table.exp = exp_avx512;
  table.exp2 = exp2_avx512;
}

}  // namespace reranker::kernels
