#include "runtime/watch.hpp"

#include <reranker/error.hpp>

namespace reranker::runtime {

void Watch::check() const {
  if (cancelled()) throw Error(ErrorCode::cancelled, "the call was cancelled");
  if (late())
    throw Error(ErrorCode::deadline_exceeded, "the deadline passed before all was scored");
}

void WatchedCrew::parallel_for(std::size_t num_tasks, const Body& body) {
  if (!watch_.any()) return crew_.parallel_for(num_tasks, body);
  crew_.parallel_for(num_tasks, [&](std::size_t task, std::size_t thread) {
    if (watch_.over()) throw Over{};
    body(task, thread);
  });
}

}  // namespace reranker::runtime
