#include "engine/ops/ops.hpp"

#include "engine/cuda/project.hpp"
#include "kernels/cuda/embedding.hpp"
#include "kernels/cuda/pool_score.hpp"
#include "kernels/cuda/rms_norm.hpp"
#include "kernels/cuda/rope.hpp"
#include "kernels/cuda/swiglu.hpp"

// The operators of models/llama.py on CUDA, attention BERT's too: each queues its kernels on the
// call's stream.

namespace reranker::engine {

using namespace cuda;

at::Tensor embed(const at::Tensor& ids, const at::Tensor& table) {
  Call& call = current_call();
  at::Tensor out = new_rows(call, ids.size(0), table.size(1), Type::fp32);
  check(kernels::cuda::embedding(
            {out.mutable_data_ptr<float>(), table.const_data_ptr(),
             ids.const_data_ptr<std::int32_t>(), size(ids, 0), size(table, 1), type_of(table)},
            call.stream),
        "embedding");
  return out;
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  Call& call = current_call();
  at::Tensor out = new_rows(call, x.size(0), x.size(1), call.types.rows);
  check(kernels::cuda::rms_norm({out.mutable_data_ptr(), scales_of(out), x.const_data_ptr<float>(),
                                 weight.const_data_ptr<float>(), size(x, 0), size(x, 1),
                                 static_cast<float>(eps), call.types.rows},
                                call.stream),
        "rms_norm");
  return out;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  return project(call, x, weight, call.types.type);
}

at::Tensor linear_add(const at::Tensor& x, const at::Tensor& weight, at::Tensor residual) {
  project_add(current_call(), x, weight, residual);
  return residual;
}

at::Tensor linear_swiglu(const at::Tensor& x, const at::Tensor& weight) {
  Call& call = current_call();
  const at::Tensor gate_up = project(call, x, weight, call.types.type);
  at::Tensor out = new_rows(call, x.size(0), weight.size(0) / 2, call.types.rows);
  check(kernels::cuda::swiglu({out.mutable_data_ptr(), scales_of(out), gate_up.const_data_ptr(),
                               size(out, 0), size(out, 1), call.types.type, call.types.rows},
                              call.stream),
        "swiglu");
  return out;
}

at::Tensor rope(at::Tensor qkv, const at::Tensor&, const at::Tensor& table, std::int64_t num_heads,
                std::int64_t num_kv_heads) {
  Call& call = current_call();
  const std::int64_t head_dim = qkv.size(1) / (num_heads + 2 * num_kv_heads);
  check(kernels::cuda::rope(
            {qkv.mutable_data_ptr(), table.const_data_ptr<float>(), call.positions, size(qkv, 0),
             static_cast<std::int32_t>(num_heads), static_cast<std::int32_t>(num_kv_heads),
             static_cast<std::int32_t>(head_dim), type_of(qkv)},
            call.stream),
        "rope");
  return qkv;
}

at::Tensor attention(const at::Tensor& qkv, const at::Tensor&, std::int64_t num_heads,
                     std::int64_t num_kv_heads) {
  Call& call = current_call();
  const std::int64_t head_dim = qkv.size(1) / (num_heads + 2 * num_kv_heads);
  at::Tensor out = new_rows(call, qkv.size(0), num_heads * head_dim, type_of(qkv));
  check(call.attention.run({out.mutable_data_ptr(), qkv.const_data_ptr(), nullptr, call.work,
                            call.num_work, size(qkv, 0), static_cast<std::int32_t>(num_heads),
                            static_cast<std::int32_t>(num_kv_heads),
                            static_cast<std::int32_t>(head_dim), type_of(qkv)},
                           call.stream),
        "attention");
  return out;
}

at::Tensor pool_score(const at::Tensor& x, const at::Tensor& offsets, const at::Tensor& norm,
                      const at::Tensor& head, double eps, double temperature) {
  Call& call = current_call();
  at::Tensor logits = new_floats(call, offsets.size(0) - 1);
  const at::Tensor token_scores = new_floats(call, x.size(0));
  check(kernels::cuda::pool_score(
            {logits.mutable_data_ptr<float>(), token_scores.mutable_data_ptr<float>(),
             x.const_data_ptr<float>(), norm.const_data_ptr<float>(), head.const_data_ptr<float>(),
             offsets.const_data_ptr<std::int32_t>(), size(x, 0), size(logits, 0), size(x, 1),
             static_cast<float>(eps), static_cast<float>(temperature)},
            call.stream),
        "pool_score");
  return logits;
}

}  // namespace reranker::engine
