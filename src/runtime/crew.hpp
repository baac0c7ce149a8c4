#pragma once

#include <cstddef>
#include <functional>

#include "runtime/pages.hpp"

namespace reranker::runtime {

/// The threads that work on one job: what an operator sees of the Runtime.
class Crew {
 public:
  /// Called with the task's number and the number of the thread that runs it, below size().
  using Body = std::function<void(std::size_t task, std::size_t thread)>;

  virtual ~Crew() = default;

  virtual std::size_t size() const = 0;

  /// Runs body for every task below `num_tasks`, each once, on any of the threads, and returns
  /// when all are done. The first exception ends the loop early and is rethrown here.
  virtual void parallel_for(std::size_t num_tasks, const Body& body) = 0;

  /// At least `bytes` of memory, or none where the system has no more. The next call gets the
  /// same again, holding whatever it held: memory touched once is faster. The Runtime lets go of
  /// it after a while without work.
  virtual const Pages& working_memory(std::size_t bytes) = 0;
};

}  // namespace reranker::runtime
