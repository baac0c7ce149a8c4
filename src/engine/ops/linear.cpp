#include "engine/call.hpp"
#include "engine/codes.hpp"
#include "engine/ops/ops.hpp"
#include "engine/packed_linear.hpp"

namespace reranker::engine {
namespace {

const PackedLinear& unpack(const at::Tensor& weight) {
  return *static_cast<const PackedLinear*>(weight.const_data_ptr());
}

// Where a projection's result goes, and what is added to it.
struct Target {
  float* out;
  const float* residual;
  kernels::Epilogue epilogue;
};

void project_codes(Call& call, const Codes& x, std::int64_t num_tokens, const PackedLinear& weight,
                   const Target& to) {
  const kernels::LinearInt8Args args{
      weight.form.codes(), weight.panels(), to.out,     x.codes, x.scales,
      to.residual,         num_tokens,      to.epilogue};
  run_kernel(call, args, call.kernels.plan_linear_int8, call.kernels.linear_int8);
}

// Rows of floats become codes on the way.
void project_int8(Call& call, const at::Tensor& x, const PackedLinear& weight, const Target& to) {
  const std::int64_t num_tokens = x.size(0);
  const std::int64_t k = weight.form.weights.k;
  if (x.scalar_type() == at::kByte)
    return project_codes(call, Codes(const_cast<void*>(x.const_data_ptr()), num_tokens, k),
                         num_tokens, weight, to);
  const auto bytes = static_cast<std::size_t>(num_tokens * Codes::bytes_per_token(k));
  const Block block(call.arena, bytes);
  const Codes codes(block.data(), num_tokens, k);
  const kernels::QuantizeArgs args{codes.codes, codes.scales, x.const_data_ptr<float>(), num_tokens,
                                   k};
  run_kernel(call, args, call.kernels.plan_quantize, call.kernels.quantize);
  project_codes(call, codes, num_tokens, weight, to);
}

void project(Call& call, const at::Tensor& x, const PackedLinear& weight, const Target& to) {
  if (weight.form.int8) return project_int8(call, x, weight, to);
  const kernels::LinearArgs args{
      weight.form.weights, weight.panels(), to.out,     x.const_data_ptr<float>(),
      to.residual,         x.size(0),       to.epilogue};
  run_kernel(call, args, call.kernels.plan_linear, call.kernels.linear);
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  const PackedLinear& packed = unpack(weight);
  at::Tensor out = new_floats(call, {x.size(0), packed.form.weights.n});
  project(call, x, packed, {out.mutable_data_ptr<float>(), nullptr, kernels::Epilogue::store});
  return out;
}

at::Tensor linear_add(const at::Tensor& x, const at::Tensor& weight, at::Tensor residual) {
  auto* const sum = residual.mutable_data_ptr<float>();
  project(current_call(), x, unpack(weight), {sum, sum, kernels::Epilogue::add});
  return residual;
}

at::Tensor linear_swiglu(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  const PackedLinear& packed = unpack(weight);
  at::Tensor out = new_floats(call, {x.size(0), packed.form.weights.n / 2});
  project(call, x, packed, {out.mutable_data_ptr<float>(), nullptr, kernels::Epilogue::swiglu});
  return out;
}

}  // namespace reranker::engine
