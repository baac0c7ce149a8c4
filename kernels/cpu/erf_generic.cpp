#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void erf_generic(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = erf_of(x[i]);
}

void tanh_generic(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = tanh_of(x[i]);
}

}  // namespace

void add_erf_generic(CpuKernels& table) {
  table.erf = erf_generic;
  table.tanh = tanh_generic;
}

}  // namespace reranker::kernels
