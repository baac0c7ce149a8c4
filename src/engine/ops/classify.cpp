#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor classify(const at::Tensor& x, const at::Tensor& pooler, const at::Tensor& pooler_bias,
                    const at::Tensor& head, const at::Tensor& head_bias) {
  Call& call = current_call();
  at::Tensor logits = new_floats(call, {x.size(0)});
  const kernels::ClassifyArgs args{logits.mutable_data_ptr<float>(),
                                   x.const_data_ptr<float>(),
                                   pooler.const_data_ptr<float>(),
                                   pooler_bias.const_data_ptr<float>(),
                                   head.const_data_ptr<float>(),
                                   *head_bias.const_data_ptr<float>(),
                                   x.size(0),
                                   x.size(1)};
  run_kernel(call, args, call.kernels.plan_classify, call.kernels.classify);
  return logits;
}

}  // namespace reranker::engine
