#include "engine/arithmetic/arithmetic.hpp"
#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {
namespace {

// (num_tokens, H D); rows beyond the first `num_queries` of a sequence are undefined.
at::Tensor attend(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t num_heads,
                  std::int64_t num_kv_heads, std::int64_t num_queries) {
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
                              head_dim,
                              num_queries};
  const kernels::AttentionKernels& kernels = call.arithmetic.attention();
  const Block packed(call.arena, kernels.packed_bytes(args));
  args.packed = packed.data();
  run_kernel(call, args, kernels.plan_pack, kernels.pack);
  run_kernel(call, args, kernels.plan, kernels.run);
  return out;
}

}  // namespace

at::Tensor attention(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t num_heads,
                     std::int64_t num_kv_heads) {
  return attend(qkv, offsets, num_heads, num_kv_heads, kernels::kAllQueries);
}

at::Tensor attention_first(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t num_heads,
                           std::int64_t num_kv_heads) {
  return first_rows(attend(qkv, offsets, num_heads, num_kv_heads, 1), offsets);
}

}  // namespace reranker::engine
