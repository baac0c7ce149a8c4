#include "engine/cuda/project.hpp"
#include "engine/ops/ops.hpp"
#include "kernels/cuda/bert_embedding.hpp"
#include "kernels/cuda/bias.hpp"
#include "kernels/cuda/classify.hpp"
#include "kernels/cuda/embedding.hpp"
#include "kernels/cuda/layer_norm.hpp"
#include "kernels/cuda/pair_cosine.hpp"

// The operators of models/bert*.py on CUDA: each queues its kernels on the call's stream. They have
// run on the host emulator only (tests/cuda_on_host).

namespace reranker::engine {
namespace {

using namespace cuda;
using kernels::cuda::Activation;

// What lies behind x is written as well. `added` may be null.
void norm(Call& call, const at::Tensor& x, const float* added, const at::Tensor& weight,
          const at::Tensor& bias, double eps) {
  const Type rows = call.types.rows;
  check(kernels::cuda::layer_norm(
            {x.mutable_data_ptr<float>(), rows == Type::fp32 ? nullptr : rows_behind(x), added,
             weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), size(x, 0), size(x, 1),
             static_cast<float>(eps), rows},
            call.stream),
        "layer_norm");
}

at::Tensor project_bias(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        Activation activation) {
  Call& call = current_call();
  at::Tensor out = project(call, x, weight, call.types.type);
  check(kernels::cuda::add_bias({out.mutable_data_ptr(), bias.const_data_ptr<float>(), size(out, 0),
                                 size(out, 1), type_of(out), activation},
                                call.stream),
        "bias");
  return out;
}

// As an embedding does it, whose ids are where the sequences begin. It moves fp32 as it is, so rows
// of two bytes a number count as half as many.
void copy_first_rows(const at::Tensor& out, const at::Tensor& x, const at::Tensor& offsets) {
  const auto floats = static_cast<std::int32_t>(x.size(1) * x.element_size() / sizeof(float));
  check(kernels::cuda::embedding(
            {static_cast<float*>(out.mutable_data_ptr()), x.const_data_ptr(),
             offsets.const_data_ptr<std::int32_t>(), size(out, 0), floats, Type::fp32},
            current_call().stream),
        "first_rows");
}

}  // namespace

at::Tensor bert_embedding(const at::Tensor& ids, const at::Tensor&, const at::Tensor& words,
                          const at::Tensor& positions, const at::Tensor& types) {
  Call& call = current_call();
  at::Tensor out = new_residual(call, ids.size(0), words.size(1));
  check(kernels::cuda::bert_embedding(
            {out.mutable_data_ptr<float>(), words.const_data_ptr(), positions.const_data_ptr(),
             types.const_data_ptr(), ids.const_data_ptr<std::int32_t>(), call.positions,
             call.token_types, size(ids, 0), size(words, 1), type_of(words)},
            call.stream),
        "bert_embedding");
  return out;
}

at::Tensor layer_norm(at::Tensor x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  norm(current_call(), x, nullptr, weight, bias, eps);
  return x;
}

at::Tensor linear_bias(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return project_bias(x, weight, bias, Activation::none);
}

at::Tensor linear_bias_gelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return project_bias(x, weight, bias, Activation::gelu);
}

at::Tensor linear_bias_add_norm(const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& bias, const at::Tensor& residual,
                                const at::Tensor& norm_weight, const at::Tensor& norm_bias,
                                double eps) {
  Call& call = current_call();
  project_add(call, x, weight, residual);
  norm(call, residual, bias.const_data_ptr<float>(), norm_weight, norm_bias, eps);
  return residual;
}

// All queries are computed: attention's work is cut for them, and one layer's is soon done.
at::Tensor attention_first(const at::Tensor& qkv, const at::Tensor& offsets, std::int64_t num_heads,
                           std::int64_t num_kv_heads) {
  const at::Tensor rows = attention(qkv, offsets, num_heads, num_kv_heads);
  at::Tensor out = new_rows(current_call(), offsets.size(0) - 1, rows.size(1), type_of(rows));
  copy_first_rows(out, rows, offsets);
  return out;
}

at::Tensor first_rows(const at::Tensor& x, const at::Tensor& offsets) {
  at::Tensor out = new_residual(current_call(), offsets.size(0) - 1, x.size(1));
  copy_first_rows(out, x, offsets);
  return out;
}

at::Tensor classify(const at::Tensor& x, const at::Tensor& pooler, const at::Tensor& pooler_bias,
                    const at::Tensor& head, const at::Tensor& head_bias) {
  Call& call = current_call();
  at::Tensor logits = new_floats(call, x.size(0));
  const at::Tensor partial_logits =
      new_floats(call, logits.size(0) * kernels::cuda::classify_parts(size(x, 1)));
  check(kernels::cuda::classify(
            {logits.mutable_data_ptr<float>(), partial_logits.mutable_data_ptr<float>(),
             x.const_data_ptr<float>(), pooler.const_data_ptr<float>(),
             pooler_bias.const_data_ptr<float>(), head.const_data_ptr<float>(),
             head_bias.const_data_ptr<float>(), size(x, 0), size(x, 1)},
            call.stream),
        "classify");
  return logits;
}

at::Tensor pair_cosine(const at::Tensor& x, const at::Tensor& offsets, const at::Tensor& head,
                       const at::Tensor& head_bias, const at::Tensor& cosine_scale) {
  Call& call = current_call();
  at::Tensor logits = new_floats(call, offsets.size(0) - 1);
  const at::Tensor partial_sums =
      new_floats(call, logits.size(0) * 4 * kernels::cuda::pair_cosine_parts(size(x, 1)));
  check(
      kernels::cuda::pair_cosine(
          {logits.mutable_data_ptr<float>(), partial_sums.mutable_data_ptr<float>(),
           x.const_data_ptr<float>(), head.const_data_ptr<float>(),
           head_bias.const_data_ptr<float>(), cosine_scale.const_data_ptr<float>(),
           offsets.const_data_ptr<std::int32_t>(), call.type_1_begins, size(logits, 0), size(x, 1)},
          call.stream),
      "pair_cosine");
  return logits;
}

}  // namespace reranker::engine
