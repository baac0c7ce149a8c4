#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor pool_score(const at::Tensor& x, const at::Tensor& offsets, const at::Tensor& norm,
                      const at::Tensor& head, double eps, double temperature) {
  Call& call = current_call();
  const std::int64_t num_sequences = offsets.size(0) - 1;
  at::Tensor logits = new_floats(call, {num_sequences});
  at::Tensor token_scores = new_floats(call, {x.size(0)});
  const kernels::PoolScoreArgs args{logits.mutable_data_ptr<float>(),
                                    token_scores.mutable_data_ptr<float>(),
                                    x.const_data_ptr<float>(),
                                    norm.const_data_ptr<float>(),
                                    head.const_data_ptr<float>(),
                                    offsets.const_data_ptr<std::int32_t>(),
                                    x.size(0),
                                    num_sequences,
                                    x.size(1),
                                    static_cast<float>(eps),
                                    static_cast<float>(temperature)};
  run_kernel(call, args, call.kernels.plan_pool_tokens, call.kernels.pool_tokens);
  call.kernels.pool_sequences(args);
  return logits;
}

}  // namespace reranker::engine
