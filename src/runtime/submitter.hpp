#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <pthread.h>

namespace reranker::runtime {

/// Threads for calls that nobody waits for: they tokenise, and wait for the leader's work as a
/// caller does. Two, so that one tokenises while the other's batches are computed. Tasks are begun
/// in the order of their coming.
class Submitter {
 public:
  using Task = std::function<void()>;

  Submitter();

  /// Waits for the threads; no task may be waiting. On one of them, whose task let go of the last
  /// that there was, it waits for the other. In a forked child, where they do not exist, it leaves
  /// them.
  ~Submitter();

  Submitter(const Submitter&) = delete;
  Submitter& operator=(const Submitter&) = delete;

  /// Runs the task, which throws nothing, on one of the threads. Starts them if they are not
  /// running yet. Thread-safe. Throws Error: out_of_memory; the task does not run then.
  void add(Task task);

 private:
  struct Queue;

  void start_threads();
  void stop_threads();
  static void run_tasks(const std::shared_ptr<Queue>& queue);

  std::shared_ptr<Queue> queue_;  // the threads' too: one may outlive this by a moment
  std::vector<pthread_t> threads_;
  std::uint64_t owner_ = 0;  // a process_mark
};

}  // namespace reranker::runtime
