#include "engine/ops/define.hpp"

namespace reranker::engine {

const c10::DispatchKey kDispatchKey = c10::DispatchKey::CUDA;

void define_operators(torch::Library& library) {
  define_llama(library);
  define_bert(library);
}

}  // namespace reranker::engine
