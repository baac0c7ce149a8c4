#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void exp_generic(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = exp_of(x[i]);
}

void exp2_generic(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = exp2_of(x[i]);
}

}  // namespace

void add_exp_generic(CpuKernels& table) {
  table.exp = exp_generic;
  table.exp2 = exp2_generic;
}

}  // namespace reranker::kernels
