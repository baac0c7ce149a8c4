#include "engine/call.hpp"
#include "engine/ops/ops.hpp"
#include "engine/packed_linear.hpp"

namespace reranker::engine {
namespace {

const PackedLinear& unpack(const at::Tensor& weight) {
  return *static_cast<const PackedLinear*>(weight.const_data_ptr());
}

void project(Call& call, const at::Tensor& x, const PackedLinear& weight, at::Tensor& out,
             const float* residual, kernels::Epilogue epilogue) {
  const kernels::LinearArgs args{weight.weights,
                                 weight.panels(),
                                 out.mutable_data_ptr<float>(),
                                 x.const_data_ptr<float>(),
                                 residual,
                                 x.size(0),
                                 epilogue};
  run_kernel(call, args, call.kernels.plan_linear, call.kernels.linear);
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  const PackedLinear& packed = unpack(weight);
  at::Tensor out = new_floats(call, {x.size(0), packed.weights.n});
  project(call, x, packed, out, nullptr, kernels::Epilogue::store);
  return out;
}

at::Tensor linear_add(const at::Tensor& x, const at::Tensor& weight, at::Tensor residual) {
  project(current_call(), x, unpack(weight), residual, residual.const_data_ptr<float>(),
          kernels::Epilogue::add);
  return residual;
}

at::Tensor linear_swiglu(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  const PackedLinear& packed = unpack(weight);
  at::Tensor out = new_floats(call, {x.size(0), packed.weights.n / 2});
  project(call, x, packed, out, nullptr, kernels::Epilogue::swiglu);
  return out;
}

}  // namespace reranker::engine
