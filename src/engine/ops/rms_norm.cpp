#include "engine/arithmetic/arithmetic.hpp"
#include "engine/call.hpp"
#include "engine/ops/ops.hpp"

namespace reranker::engine {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  Call& call = current_call();
  return call.arithmetic.rms_norm(call, x, weight, static_cast<float>(eps));
}

}  // namespace reranker::engine
