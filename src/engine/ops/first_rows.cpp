#include "engine/ops/ops.hpp"

namespace reranker::engine {

// An embedding whose ids are where the sequences begin.
at::Tensor first_rows(const at::Tensor& x, const at::Tensor& offsets) {
  return embed(offsets.narrow(0, 0, offsets.size(0) - 1), x);
}

}  // namespace reranker::engine
