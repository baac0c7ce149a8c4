#include "engine/cuda/project.hpp"

namespace reranker::engine::cuda {
namespace {

void run(Call& call, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& out,
         bool accumulate) {
  const kernels::cuda::LinearShape shape{size(weight, 0), size(weight, 1), type_of(weight),
                                         type_of(out)};
  const void* const rows = type_of(x) == type_of(weight) ? x.const_data_ptr() : rows_behind(x);
  check(call.linear.run({shape, out.mutable_data_ptr(), rows, weight.const_data_ptr(), scales_of(x),
                         scales_of(weight), size(x, 0), accumulate},
                        call.stream),
        "linear");
}

}  // namespace

at::Tensor project(Call& call, const at::Tensor& x, const at::Tensor& weight, Type type) {
  at::Tensor out = new_rows(call, x.size(0), weight.size(0), type);
  run(call, x, weight, out, false);
  return out;
}

void project_add(Call& call, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& sum) {
  run(call, x, weight, sum, true);
}

}  // namespace reranker::engine::cuda
