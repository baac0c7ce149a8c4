#include <numeric>

#include "engine/call.hpp"
#include "engine/ops/ops.hpp"
#include "engine/ops/stored.hpp"

namespace reranker::engine {
namespace {

kernels::EmbeddingRows rows(const at::Tensor& table) {
  return {table.const_data_ptr(), stored_type(table)};
}

// Words as codes become rows of `out` first, which are then each token's own.
struct Words {
  at::Tensor out;
  kernels::EmbeddingRows rows;
  const std::int32_t* ids;
};

Words look_up(Call& call, const at::Tensor& ids, const at::Tensor& words, const Block& own_rows) {
  if (words.scalar_type() != at::kChar)
    return {new_floats(call, {ids.size(0), words.size(1)}), rows(words),
            ids.const_data_ptr<std::int32_t>()};
  at::Tensor out = embed(ids, words);
  auto* own = reinterpret_cast<std::int32_t*>(own_rows.data());
  std::iota(own, own + ids.size(0), 0);
  return {out, rows(out), own};
}

}  // namespace

at::Tensor bert_embedding(const at::Tensor& ids, const at::Tensor& offsets, const at::Tensor& words,
                          const at::Tensor& positions, const at::Tensor& types) {
  Call& call = current_call();
  const Block own_rows(call.arena, static_cast<std::size_t>(ids.size(0)) * sizeof(std::int32_t));
  const Words found = look_up(call, ids, words, own_rows);
  const kernels::BertEmbeddingArgs args{found.out.mutable_data_ptr<float>(),
                                        found.rows,
                                        rows(positions),
                                        rows(types),
                                        found.ids,
                                        offsets.const_data_ptr<std::int32_t>(),
                                        call.type_1_begins,
                                        ids.size(0),
                                        offsets.size(0) - 1,
                                        words.size(1)};
  run_kernel(call, args, call.kernels.plan_bert_embedding, call.kernels.bert_embedding);
  return found.out;
}

}  // namespace reranker::engine
