#pragma once

#include <torch/library.h>

#include "engine/ops/ops.hpp"

// How operators become visible to graphs, one small function a family of networks. Heavy: only
// where operators are registered.

namespace reranker::engine {

template <typename Function>
void define(torch::Library& library, const char* schema, const char* name, Function* function) {
  library.def(schema);
  library.impl(name, torch::dispatch(kDispatchKey, function));
}

void define_llama(torch::Library& library);
void define_bert(torch::Library& library);

}  // namespace reranker::engine
