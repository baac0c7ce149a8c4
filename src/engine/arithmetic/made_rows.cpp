#include "engine/arithmetic/made_rows.hpp"

#include "engine/call.hpp"

namespace reranker::engine {

at::Tensor MadeRows::rms_norm(Call& call, const at::Tensor& x, const at::Tensor& weight,
                              float eps) const {
  const std::int64_t num_tokens = x.size(0);
  const std::int64_t dim = x.size(1);
  at::Tensor rows = new_bytes(call, {num_tokens, static_cast<std::int64_t>(row_bytes(dim))});
  norm(call, {rows.mutable_data_ptr(), x.const_data_ptr<float>(), num_tokens, dim},
       weight.const_data_ptr<float>(), eps);
  return rows;
}

void MadeRows::project(Call& call, const at::Tensor& x, const Projection& projection,
                       const Target& target) const {
  const std::int64_t num_tokens = x.size(0);
  if (x.scalar_type() == at::kByte)
    return multiply(call, x.const_data_ptr(), num_tokens, projection, target);
  const std::int64_t k = projection.weights.k;
  const Block rows(call.arena, static_cast<std::size_t>(num_tokens) * row_bytes(k));
  make(call, {rows.data(), x.const_data_ptr<float>(), num_tokens, k});
  multiply(call, rows.data(), num_tokens, projection, target);
}

}  // namespace reranker::engine
