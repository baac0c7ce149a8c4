#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <pthread.h>

#include "runtime/crew.hpp"
#include "runtime/process_mark.hpp"
#include "runtime/submitter.hpp"

namespace reranker::runtime {

/// The threads behind a Runtime. Jobs run one at a time, in the order of their arrival, on the
/// first thread (the leader); inside a job the leader shares loops with the others. So whatever a
/// job touches (LibTorch above all) never runs on a thread of the host.
class Executor final : private Crew {
 public:
  using Job = std::function<void(Crew&)>;
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  /// `threads` of 0: available_processors(). `queue_length` of 0: as many calls as come. Throws
  /// Error: out_of_memory.
  Executor(std::size_t threads, std::size_t memory_limit, std::size_t queue_length = 0);

  /// Waits for the threads; no job may be under way. In a forked child, where they do not exist,
  /// it leaves them.
  ~Executor() override;

  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  std::size_t threads() const { return num_threads_; }
  std::size_t memory_limit() const { return memory_limit_; }
  std::size_t queue_length() const { return queue_length_; }

  /// The process that the threads live in; 0 before they start.
  pid_t owner() const { return process_id(owner_); }

  /// Whether the threads were left behind by a fork: nothing can run here any more.
  bool in_forked_child() const;

  /// Runs `job` on the leader and waits for it; what it throws is rethrown here. Starts the
  /// threads if they are not running yet. Throws Error also: out_of_memory, forked. Thread-safe.
  /// From a job, such as one that lets go of the last handle of another model, it runs at once:
  /// one that leaves working_memory alone.
  ///
  /// A job whose turn has not come by `deadline` never runs. Throws Error then: deadline_exceeded;
  /// and cancelled where the process ends meanwhile (ending.hpp).
  void run(const Job& job, const Deadline& deadline = {});

  class Pending;
  class Admission;

  /// Runs a call that its caller does not wait for: on a thread that is neither the leader nor one
  /// of its helpers, so that it may `run` jobs. As Submitter::add.
  void submit(Submitter::Task call) { submitter_.add(std::move(call)); }

 private:
  struct Ticket {
    const Job* job;
    std::exception_ptr error;
    bool done = false;
  };

  // A ticket in the queue. Whatever ends the wait for it, an exception or the thread's
  // cancellation, it is taken back, or what uses it is waited for.
  class Queued {
   public:
    Queued(Executor& executor, const Job& job);
    ~Queued();
    Queued(const Queued&) = delete;
    Queued& operator=(const Queued&) = delete;

    Ticket ticket;

   private:
    Executor& executor_;
  };

  void queue(Ticket& ticket);
  void await(const Ticket& ticket);
  bool withdraw(Ticket& ticket, std::chrono::steady_clock::time_point deadline);
  void await_turn(Ticket& ticket, const Deadline& deadline);

  // The parallel_for under way. Open to helpers while `generation` is odd; a helper counts itself
  // into `busy`, then looks whether it is still open, so that the leader, who closes first and
  // looks at `busy` then, never leaves one inside.
  struct Loop {
    const Body* body = nullptr;
    std::size_t num_tasks = 0;
    std::atomic<std::uint64_t> generation{0};
    std::atomic<std::size_t> next{0};  // task to be taken
    std::atomic<std::size_t> busy{0};
    std::mutex error_mutex;
    std::exception_ptr error;
  };

  std::size_t size() const override { return num_threads_; }
  void parallel_for(std::size_t num_tasks, const Body& body) override;
  const Pages& working_memory(std::size_t bytes) override;

  void start_threads();
  void start_thread(std::size_t number);
  void stop_threads();
  void fail_tickets(const std::exception_ptr& error);
  void lead();
  void await_ticket(std::unique_lock<std::mutex>& lock);
  void help(std::size_t number);
  void work(std::size_t number);
  bool opened(std::uint64_t seen) const;
  void await_loop(std::uint64_t seen);

  const std::size_t num_threads_;
  const std::size_t memory_limit_;
  const std::size_t queue_length_;
  std::atomic<std::size_t> calls_{0};  // admitted, under way

  // Apart, so that a forked child can leave them: one that threads of the parent were waiting on
  // can never be destroyed there.
  struct Signals {
    std::mutex mutex;
    std::condition_variable jobs_changed;  // the leader waits for tickets
    std::condition_variable ticket_done;   // callers wait for theirs
    std::condition_variable loop_opened;   // sleeping helpers wait for a loop
  };

  std::unique_ptr<Signals> signals_ = std::make_unique<Signals>();
  std::deque<Ticket*> tickets_;
  std::vector<pthread_t> threads_;
  std::atomic<std::uint64_t> owner_{0};  // a process_mark
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> sleepers_{0};
  Loop loop_;
  Pages working_memory_;  // the leader's
  Submitter submitter_;
};

/// A call's place among those that may be under way at one time, from its beginning to its end.
class Executor::Admission {
 public:
  /// Throws Error: overloaded.
  explicit Admission(Executor& executor);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

 private:
  Executor& executor_;
};

/// A job that runs beside the thread that queued it, which does what `run` does in two steps. What
/// the job refers to outlives it. Going, it waits for the job if it runs; one whose turn has not
/// come never runs.
class Executor::Pending {
 public:
  Pending(Executor& executor, Job job);
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  /// To be called once. Throws what the job threw, and as `run` where its turn does not come.
  void wait(const Deadline& deadline = {});

 private:
  Executor& executor_;
  const Job job_;
  Queued queued_;
};

}  // namespace reranker::runtime
