#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

// As an embedding does it, whose ids are where the sequences begin.
at::Tensor first_rows(const at::Tensor& x, const at::Tensor& offsets) {
  Call& call = current_call();
  const std::int64_t num_sequences = offsets.size(0) - 1;
  at::Tensor out = new_floats(call, {num_sequences, x.size(1)});
  const kernels::EmbeddingArgs args{out.mutable_data_ptr<float>(),
                                    x.const_data_ptr(),
                                    offsets.const_data_ptr<std::int32_t>(),
                                    num_sequences,
                                    x.size(1),
                                    kernels::WeightType::fp32};
  run_kernel(call, args, call.kernels.plan_embedding, call.kernels.embedding);
  return out;
}

}  // namespace reranker::engine
