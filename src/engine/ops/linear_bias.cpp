#include "engine/call.hpp"
#include "engine/ops/ops.hpp"
#include "engine/ops/unpack.hpp"

namespace reranker::engine {
namespace {

at::Tensor project(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                   kernels::Epilogue epilogue) {
  Call& call = current_call();
  const Projection projection = unpack(weight);
  at::Tensor out = new_floats(call, {x.size(0), projection.weights.n});
  call.arithmetic.project(
      call, x, projection,
      {out.mutable_data_ptr<float>(), bias.const_data_ptr<float>(), nullptr, epilogue});
  return out;
}

}  // namespace

at::Tensor linear_bias(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return project(x, weight, bias, kernels::Epilogue::store);
}

at::Tensor linear_bias_gelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return project(x, weight, bias, kernels::Epilogue::gelu);
}

at::Tensor linear_bias_add_norm(const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& bias, const at::Tensor& residual,
                                const at::Tensor& norm_weight, const at::Tensor& norm_bias,
                                double eps) {
  Call& call = current_call();
  auto* const sum = residual.mutable_data_ptr<float>();
  call.arithmetic.project(call, x, unpack(weight),
                          {sum, bias.const_data_ptr<float>(), sum, kernels::Epilogue::add});
  return layer_norm(residual, norm_weight, norm_bias, eps);
}

}  // namespace reranker::engine
