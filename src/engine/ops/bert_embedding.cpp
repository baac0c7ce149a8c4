#include "engine/call.hpp"
#include "engine/ops/ops.hpp"
#include "engine/ops/stored.hpp"

namespace reranker::engine {
namespace {

kernels::EmbeddingRows rows(const at::Tensor& table) {
  return {table.const_data_ptr(), stored_type(table)};
}

}  // namespace

at::Tensor bert_embedding(const at::Tensor& ids, const at::Tensor& offsets, const at::Tensor& words,
                          const at::Tensor& positions, const at::Tensor& types) {
  Call& call = current_call();
  at::Tensor out = new_floats(call, {ids.size(0), words.size(1)});
  const kernels::BertEmbeddingArgs args{out.mutable_data_ptr<float>(),
                                        rows(words),
                                        rows(positions),
                                        rows(types),
                                        ids.const_data_ptr<std::int32_t>(),
                                        offsets.const_data_ptr<std::int32_t>(),
                                        call.type_1_begins,
                                        ids.size(0),
                                        offsets.size(0) - 1,
                                        words.size(1)};
  run_kernel(call, args, call.kernels.plan_bert_embedding, call.kernels.bert_embedding);
  return out;
}

}  // namespace reranker::engine
