#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor classify(const at::Tensor& x, const at::Tensor& offsets, const at::Tensor& pooler,
                    const at::Tensor& pooler_bias, const at::Tensor& head,
                    const at::Tensor& head_bias) {
  Call& call = current_call();
  const std::int64_t num_sequences = offsets.size(0) - 1;
  at::Tensor logits = new_floats(call, {num_sequences});
  const kernels::ClassifyArgs args{logits.mutable_data_ptr<float>(),
                                   x.const_data_ptr<float>(),
                                   offsets.const_data_ptr<std::int32_t>(),
                                   pooler.const_data_ptr<float>(),
                                   pooler_bias.const_data_ptr<float>(),
                                   head.const_data_ptr<float>(),
                                   *head_bias.const_data_ptr<float>(),
                                   num_sequences,
                                   x.size(1)};
  run_kernel(call, args, call.kernels.plan_classify, call.kernels.classify);
  return logits;
}

}  // namespace reranker::engine
