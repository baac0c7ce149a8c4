#include "engine/arithmetic/arithmetic.hpp"
#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor attention(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t num_heads,
                     std::int64_t num_kv_heads) {
  Call& call = current_call();
  const std::int64_t head_dim = qkv.size(1) / (num_heads + 2 * num_kv_heads);
  at::Tensor out = new_floats(call, {qkv.size(0), num_heads * head_dim});
  kernels::AttentionArgs args{out.mutable_data_ptr<float>(),
                              qkv.const_data_ptr<float>(),
                              offsets.const_data_ptr<std::int32_t>(),
                              nullptr,
                              qkv.size(0),
                              offsets.size(0) - 1,
                              num_heads,
                              num_kv_heads,
                              head_dim};
  const kernels::AttentionKernels& kernels = call.arithmetic.attention();
  const Block packed(call.arena, kernels.packed_bytes(args));
  args.packed = packed.data();
  run_kernel(call, args, kernels.plan_pack, kernels.pack);
  run_kernel(call, args, kernels.plan, kernels.run);
  return out;
}

}  // namespace reranker::engine
