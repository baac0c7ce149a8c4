#pragma once

#include <exception>
#include <new>
#include <utility>

#include <reranker/error.hpp>

namespace reranker::runtime {

/// Does `work`; what is thrown meanwhile leaves as an Error, want of memory as one that says
/// `no_memory`.
template <typename Work>
auto guarded(Work&& work, const char* no_memory = "the system has no more memory") {
  try {
    return std::forward<Work>(work)();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, no_memory);
  } catch (const std::exception& failure) {
    throw Error(ErrorCode::internal, failure.what());
  }
}

}  // namespace reranker::runtime
