#include <reranker/runtime.hpp>

#include <mutex>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "runtime/executor.hpp"
#include "runtime/guard.hpp"

namespace reranker {
inline namespace v4 {
namespace {

constexpr std::size_t kMaxThreads = 4096;

}  // namespace

Runtime::Runtime(const RuntimeOptions& options) {
  if (options.threads > kMaxThreads)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("threads is {}, 0 (all) to {} wanted", options.threads, kMaxThreads));
  executor_ = runtime::guarded([&] {
    return std::make_shared<runtime::Executor>(options.threads, options.memory_limit,
                                               options.queue_length);
  });
}

// Held by the models that use it, so that the threads end with the last of them and a host that
// unloads everything is left as it was. A forked child makes its own: it has the models of its
// parent, but not their threads.
Runtime Runtime::process() {
  static std::mutex mutex;
  // Never destroyed: a thread that outlives main may ask for it still.
  static std::weak_ptr<runtime::Executor>* shared = nullptr;
  const std::lock_guard lock(mutex);
  return runtime::guarded([&] {
    if (shared == nullptr) shared = new std::weak_ptr<runtime::Executor>;
    auto executor = shared->lock();
    if (!executor || executor->in_forked_child())
      *shared = executor = std::make_shared<runtime::Executor>(0, 0);
    return Runtime(std::move(executor));
  });
}

std::size_t Runtime::threads() const {
  return executor_->threads();
}
std::size_t Runtime::memory_limit() const {
  return executor_->memory_limit();
}
std::size_t Runtime::queue_length() const {
  return executor_->queue_length();
}

}  // namespace v4
}  // namespace reranker
