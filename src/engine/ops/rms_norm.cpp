#include "engine/call.hpp"
#include "engine/codes.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

namespace {

at::Tensor rms_norm_codes(Call& call, const at::Tensor& x, const at::Tensor& weight, float eps) {
  const std::int64_t num_tokens = x.size(0);
  const std::int64_t dim = x.size(1);
  at::Tensor out = new_bytes(call, {num_tokens, Codes::bytes_per_token(dim)});
  const Codes codes(out.mutable_data_ptr(), num_tokens, dim);
  const kernels::RmsNormQuantizeArgs args{codes.codes,
                                          codes.scales,
                                          x.const_data_ptr<float>(),
                                          weight.const_data_ptr<float>(),
                                          num_tokens,
                                          dim,
                                          eps};
  run_kernel(call, args, call.kernels.plan_rms_norm_quantize, call.kernels.rms_norm_quantize);
  return out;
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  Call& call = current_call();
  if (call.precision == Precision::int8)
    return rms_norm_codes(call, x, weight, static_cast<float>(eps));
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
