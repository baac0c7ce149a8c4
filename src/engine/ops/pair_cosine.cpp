#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor pair_cosine(const at::Tensor& x, const at::Tensor& offsets, const at::Tensor& head,
                       const at::Tensor& head_bias, const at::Tensor& cosine_scale) {
  Call& call = current_call();
  const std::int64_t num_sequences = offsets.size(0) - 1;
  at::Tensor logits = new_floats(call, {num_sequences});
  const kernels::PairCosineArgs args{logits.mutable_data_ptr<float>(),
                                     x.const_data_ptr<float>(),
                                     offsets.const_data_ptr<std::int32_t>(),
                                     call.type_1_begins,
                                     head.const_data_ptr<float>(),
                                     *head_bias.const_data_ptr<float>(),
                                     *cosine_scale.const_data_ptr<float>(),
                                     num_sequences,
                                     x.size(1)};
  run_kernel(call, args, call.kernels.plan_pair_cosine, call.kernels.pair_cosine);
  return logits;
}

}  // namespace reranker::engine
