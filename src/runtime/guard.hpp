#pragma once

#include <exception>
#include <new>
#include <utility>

#include <reranker/error.hpp>

namespace reranker::runtime {

/// What a callback of the host threw, on its way back to the host. No std::exception: nobody on the
/// way takes it for one of the library's.
struct HostException {
  std::exception_ptr thrown;
};

/// Does `work`; what is thrown meanwhile leaves as an Error, want of memory as one that says
/// `no_memory`, and what the host threw as it was.
template <typename Work>
auto guarded(Work&& work, const char* no_memory = "the system has no more memory") {
  try {
    return std::forward<Work>(work)();
  } catch (const Error&) {
    throw;
  } catch (const HostException& of_host) {
    std::rethrow_exception(of_host.thrown);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, no_memory);
  } catch (const std::exception& failure) {
    throw Error(ErrorCode::internal, failure.what());
  }
}

}  // namespace reranker::runtime
