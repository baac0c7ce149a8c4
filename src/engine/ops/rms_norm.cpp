#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  Call& call = current_call();
  at::Tensor out = new_floats(call, x.sizes());
  const kernels::RmsNormArgs args{out.mutable_data_ptr<float>(),
                                  x.const_data_ptr<float>(),
                                  weight.const_data_ptr<float>(),
                                  x.size(0),
                                  x.size(1),
                                  static_cast<float>(eps)};
  run_kernel(call, args, call.kernels.plan_rms_norm, call.kernels.rms_norm);
  return out;
}

}  // namespace reranker::engine
