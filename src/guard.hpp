#pragma once

#include <exception>
#include <new>
#include <utility>

#include <reranker/error.hpp>

namespace reranker {
inline namespace v2 {

/// Does `work`; what the system throws meanwhile leaves the library as an Error.
template <typename Work>
auto guarded(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, "the system has no more memory");
  } catch (const std::exception& failure) {
    throw Error(ErrorCode::internal, failure.what());
  }
}

}  // namespace v2
}  // namespace reranker
