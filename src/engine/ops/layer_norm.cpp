#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor layer_norm(at::Tensor x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  Call& call = current_call();
  auto* const rows = x.mutable_data_ptr<float>();
  const kernels::LayerNormArgs args{
      rows,      rows,      weight.const_data_ptr<float>(), bias.const_data_ptr<float>(),
      x.size(0), x.size(1), static_cast<float>(eps)};
  run_kernel(call, args, call.kernels.plan_layer_norm, call.kernels.layer_norm);
  return x;
}

}  // namespace reranker::engine
