#include "engine/call.hpp"
#include "engine/ops/ops.hpp"
#include "engine/ops/stored.hpp"

namespace reranker::engine {
namespace {

// A table of codes is packed: embedding_int8.hpp.
at::Tensor embed_codes(Call& call, const at::Tensor& ids, const at::Tensor& table) {
  at::Tensor out = new_floats(call, {ids.size(0), table.size(1)});
  const kernels::EmbeddingInt8Args args{{table.size(0), table.size(1)},
                                        table.const_data_ptr(),
                                        out.mutable_data_ptr<float>(),
                                        ids.const_data_ptr<std::int32_t>(),
                                        ids.size(0)};
  run_kernel(call, args, call.kernels.plan_embedding_int8, call.kernels.embedding_int8);
  return out;
}

}  // namespace

at::Tensor embed(const at::Tensor& ids, const at::Tensor& table) {
  Call& call = current_call();
  if (table.scalar_type() == at::kChar) return embed_codes(call, ids, table);
  at::Tensor out = new_floats(call, {ids.size(0), table.size(1)});
  const kernels::EmbeddingArgs args{out.mutable_data_ptr<float>(),
                                    table.const_data_ptr(),
                                    ids.const_data_ptr<std::int32_t>(),
                                    ids.size(0),
                                    table.size(1),
                                    stored_type(table)};
  run_kernel(call, args, call.kernels.plan_embedding, call.kernels.embedding);
  return out;
}

}  // namespace reranker::engine
