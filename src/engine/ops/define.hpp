#pragma once

#include <new>
#include <utility>

#include <torch/library.h>

#include "engine/ops/ops.hpp"
#include "runtime/arena.hpp"

// How operators become visible to graphs, one small function a family of networks. Heavy: only
// where operators are registered.

namespace reranker::engine {

/// An operator as the interpreter calls it, which would make of a bad_alloc an error of no kind.
template <auto* function>
struct Operator;

template <typename Result, typename... Arguments, Result (*function)(Arguments...)>
struct Operator<function> {
  static Result call(Arguments... arguments) {
    try {
      return function(std::forward<Arguments>(arguments)...);
    } catch (const std::bad_alloc&) {
      throw runtime::Arena::Exhausted{0, 0};
    }
  }
};

template <auto* function>
void define(torch::Library& library, const char* schema, const char* name) {
  library.def(schema);
  library.impl(name, torch::dispatch(kDispatchKey, &Operator<function>::call));
}

void define_llama(torch::Library& library);
void define_bert(torch::Library& library);

}  // namespace reranker::engine
