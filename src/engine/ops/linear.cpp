#include "engine/arithmetic/arithmetic.hpp"
#include "engine/call.hpp"
#include "engine/ops/ops.hpp"
#include "engine/ops/unpack.hpp"

namespace reranker::engine {

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  const Projection projection = unpack(weight);
  at::Tensor out = new_floats(call, {x.size(0), projection.weights.n});
  call.arithmetic.project(
      call, x, projection,
      {out.mutable_data_ptr<float>(), nullptr, nullptr, kernels::Epilogue::store});
  return out;
}

at::Tensor linear_add(const at::Tensor& x, const at::Tensor& weight, at::Tensor residual) {
  Call& call = current_call();
  auto* const sum = residual.mutable_data_ptr<float>();
  call.arithmetic.project(call, x, unpack(weight), {sum, nullptr, sum, kernels::Epilogue::add});
  return residual;
}

at::Tensor linear_swiglu(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  const Projection projection = unpack(weight);
  at::Tensor out = new_floats(call, {x.size(0), projection.weights.n / 2});
  call.arithmetic.project(
      call, x, projection,
      {out.mutable_data_ptr<float>(), nullptr, nullptr, kernels::Epilogue::swiglu});
  return out;
}

}  // namespace reranker::engine
