#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor rope(at::Tensor qkv, const at::Tensor& offsets, const at::Tensor& table,
                std::int64_t num_heads, std::int64_t num_kv_heads) {
  Call& call = current_call();
  const kernels::RopeArgs args{qkv.mutable_data_ptr<float>(),
                               table.const_data_ptr<float>(),
                               offsets.const_data_ptr<std::int32_t>(),
                               qkv.size(0),
                               offsets.size(0) - 1,
                               num_heads,
                               num_kv_heads,
                               qkv.size(1) / (num_heads + 2 * num_kv_heads)};
  run_kernel(call, args, call.kernels.plan_rope, call.kernels.rope);
  return qkv;
}

}  // namespace reranker::engine
