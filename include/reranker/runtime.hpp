#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <reranker/export.hpp>

namespace reranker {
namespace runtime {
class Executor;
}
inline namespace v4 {
namespace detail {
struct RuntimeAccess;
}

struct RuntimeOptions {
  /// Threads that compute, at most 4096. 0: the processors that the cgroup quota leaves to this
  /// process and the affinity mask to the thread that makes the Runtime. Scores do not depend on
  /// it.
  std::size_t threads = 0;

  /// Upper bound in bytes on the working memory of the calls that run (activations and
  /// scratch; weights are not counted). 0: no bound. A batch is cut smaller to stay below;
  /// a passage that cannot fit alone fails: Status::not_scored, of score out_of_memory. What the
  /// last batch took stays for the next one and goes back to the system after a second without
  /// work. On CUDA it bounds what a model takes of the device's memory for its batches, which is
  /// taken when it is loaded and given back when it goes; batches are cut smaller where the device
  /// has less.
  std::size_t memory_limit = 0;

  /// The most calls of its models that are under way at one time: one computes, the others tokenise
  /// or wait for their turns. One more throws overloaded at once, with nothing done. 0: no bound.
  std::size_t queue_length = 0;
};

/// The threads and the working memory that models compute with. Calls compute one at a time, by
/// turns of a batch.
///
/// A handle: copies share. Any number of models may share one; the models that name none
/// share the process's own, made at the first load. Its threads start on first use, with the
/// affinity mask and the scheduling of the thread that needs them first; they block all signals
/// but those of their own faults (SIGSEGV and the like), carry the name "reranker" and end with the
/// last holder. Two more start with the first call that is submitted. Thread-safe.
class RERANKER_EXPORT Runtime {
 public:
  /// Throws Error: invalid_argument (too many threads), out_of_memory.
  explicit Runtime(const RuntimeOptions& options = {});
  Runtime(const Runtime&) = default;  // no move: it would leave a handle of nothing
  Runtime& operator=(const Runtime&) = default;

  /// The one that models use by default: all threads, no bounds. Throws Error: out_of_memory.
  static Runtime process();

  std::size_t threads() const;
  std::size_t memory_limit() const;
  std::size_t queue_length() const;

 private:
  friend struct detail::RuntimeAccess;
  explicit Runtime(std::shared_ptr<runtime::Executor> executor) : executor_(std::move(executor)) {}

  std::shared_ptr<runtime::Executor> executor_;
};

}  // namespace v4
}  // namespace reranker
