#include "kernels/cpu/scalar.hpp"
#include "kernels/cpu/tables.hpp"

namespace reranker::kernels {
namespace {

void gelu_generic(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = gelu_of(x[i]);
}

void tanh_generic(float* y, const float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = tanh_of(x[i]);
}

}  // namespace

void add_gelu_generic(CpuKernels& table) {
  table.gelu = gelu_generic;
  table.tanh = tanh_generic;
}

}  // namespace reranker::kernels
