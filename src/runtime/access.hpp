#pragma once

#include <memory>

#include <reranker/runtime.hpp>

namespace reranker {
inline namespace v4 {
namespace detail {

/// What is behind a Runtime, for our own rooms.
struct RuntimeAccess {
  static const std::shared_ptr<runtime::Executor>& executor(const Runtime& runtime) {
    return runtime.executor_;
  }
};

}  // namespace detail
}  // namespace v4
}  // namespace reranker
