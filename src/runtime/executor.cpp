#include "runtime/executor.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "runtime/ending.hpp"
#include "runtime/memory.hpp"
#include "runtime/not_cancelled.hpp"
#include "runtime/process_mark.hpp"
#include "runtime/processors.hpp"
#include "runtime/thread.hpp"

namespace reranker::runtime {
namespace {

// How long a helper looks for the next loop before it sleeps. Operators follow each other within
// a few microseconds; a wake-up costs about fifty.
constexpr std::chrono::microseconds kSpin{50};

// How long working memory is kept for the next job. Long beside the gaps of a busy server, short
// beside what a host would notice as memory not given back.
constexpr std::chrono::seconds kKept{1};

// Whose leader this thread is.
thread_local const Executor* leading = nullptr;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Executor::Executor(std::size_t threads, std::size_t memory_limit, std::size_t queue_length)
    : num_threads_(threads != 0 ? threads : available_processors()),
      memory_limit_(memory_limit),
      queue_length_(queue_length) {}

Executor::~Executor() {
  const NotCancelled until_joined;
  if (in_forked_child())
    (void)signals_.release();
  else if (owner_ != 0)
    stop_threads();
}

bool Executor::in_forked_child() const {
  return owner_ != 0 && owner_ != process_mark();
}

void Executor::run(const Job& job, const Deadline& deadline) {
  if (leading == this) return job(*this);
  Queued queued(*this, job);
  await_turn(queued.ticket, deadline);
}

void Executor::queue(Ticket& ticket) {
  if (in_forked_child())
    throw Error(ErrorCode::forked, "the threads were started before a fork and do not exist here");
  const std::lock_guard lock(signals_->mutex);
  if (owner_ == 0) start_threads();
  tickets_.push_back(&ticket);
  signals_->jobs_changed.notify_one();
}

void Executor::await(const Ticket& ticket) {
  std::unique_lock lock(signals_->mutex);
  signals_->ticket_done.wait(lock, [&] { return ticket.done; });
}

// Whether the ticket's turn had not come by the deadline: then it is taken from the queue.
bool Executor::withdraw(Ticket& ticket, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(signals_->mutex);
  if (signals_->ticket_done.wait_until(lock, deadline, [&] { return ticket.done; })) return false;
  const auto queued = std::find(tickets_.begin(), tickets_.end(), &ticket);
  if (queued == tickets_.end()) return false;
  tickets_.erase(queued);
  ticket.done = true;
  return true;
}

void Executor::await_turn(Ticket& ticket, const Deadline& deadline) {
  if (deadline && withdraw(ticket, *deadline))
    throw Error(ErrorCode::deadline_exceeded, "the deadline passed before its turn came");
  await(ticket);
  if (ticket.error) std::rethrow_exception(ticket.error);
}

Executor::Admission::Admission(Executor& executor) : executor_(executor) {
  std::size_t others = executor.calls_;
  do {
    if (executor.queue_length_ != 0 && others >= executor.queue_length_)
      throw Error(ErrorCode::overloaded,
                  fmt::format("calls under way are {}, fewer than queue_length, {}, wanted", others,
                              executor.queue_length_));
  } while (!executor.calls_.compare_exchange_weak(others, others + 1));
}

Executor::Admission::~Admission() {
  --executor_.calls_;
}

Executor::Queued::Queued(Executor& executor, const Job& job)
    : ticket{&job, nullptr, false}, executor_(executor) {
  executor_.queue(ticket);
}

Executor::Queued::~Queued() {
  const NotCancelled until_done;
  executor_.withdraw(ticket, std::chrono::steady_clock::now());
  executor_.await(ticket);
}

Executor::Pending::Pending(Executor& executor, Job job)
    : executor_(executor), job_(std::move(job)), queued_(executor, job_) {}

void Executor::Pending::wait(const Deadline& deadline) {
  executor_.await_turn(queued_.ticket, deadline);
}

void Executor::start_threads() {
  threads_.reserve(num_threads_);
  owner_ = process_mark();
  stopping_ = false;
  try {
    for (std::size_t number = 0; number < num_threads_; ++number) start_thread(number);
  } catch (...) {
    signals_->mutex.unlock();  // the threads that did start need it to end
    stop_threads();
    signals_->mutex.lock();
    owner_ = 0;
    fail_tickets(std::current_exception());  // of callers that came meanwhile
    throw;
  }
}

void Executor::fail_tickets(const std::exception_ptr& error) {
  for (Ticket* ticket : tickets_) {
    ticket->error = error;
    ticket->done = true;
  }
  tickets_.clear();
  signals_->ticket_done.notify_all();
}

void Executor::start_thread(std::size_t number) {
  threads_.push_back(
      runtime::start_thread(fmt::format("thread {} of {}", number + 1, num_threads_),
                            [this, number] { number == 0 ? lead() : help(number); }));
}

void Executor::stop_threads() {
  {
    const std::lock_guard lock(signals_->mutex);
    stopping_ = true;
  }
  signals_->jobs_changed.notify_all();
  signals_->loop_opened.notify_all();
  for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
  threads_.clear();
}

void Executor::lead() {
  leading = this;
  std::unique_lock lock(signals_->mutex);
  while (true) {
    await_ticket(lock);
    if (tickets_.empty()) return;
    Ticket& ticket = *tickets_.front();
    tickets_.pop_front();
    lock.unlock();
    try {
      const UnderWay under_way;
      (*ticket.job)(*this);
    } catch (const Ending&) {
      let_process_end();
      ticket.error = std::make_exception_ptr(Error(ErrorCode::cancelled, "the process is ending"));
    } catch (...) {
      ticket.error = std::current_exception();
    }
    lock.lock();
    ticket.done = true;
    signals_->ticket_done.notify_all();
  }
}

// Until there is a ticket or an end. After a while without either, working memory is let go.
void Executor::await_ticket(std::unique_lock<std::mutex>& lock) {
  const auto come = [&] { return stopping_ || !tickets_.empty(); };
  if (signals_->jobs_changed.wait_for(lock, kKept, come)) return;
  lock.unlock();
  working_memory_ = Pages();
  lock.lock();
  signals_->jobs_changed.wait(lock, come);
}

const Pages& Executor::working_memory(std::size_t bytes) {
  if (working_memory_.size() < bytes) {
    working_memory_ = Pages();  // first, so that never both are held
    // The system gives pages as they are touched: it would end the process then.
    if (bytes <= available_memory()) working_memory_ = Pages(bytes);
  }
  return working_memory_;
}

void Executor::parallel_for(std::size_t num_tasks, const Body& body) {
  if (ending()) throw Ending{};
  if (num_threads_ == 1 || num_tasks <= 1) {
    for (std::size_t task = 0; task < num_tasks; ++task) body(task, 0);
    return;
  }
  loop_.body = &body;
  loop_.num_tasks = num_tasks;
  loop_.next = 0;
  loop_.error = nullptr;
  ++loop_.generation;
  if (sleepers_ > 0) {
    const std::lock_guard lock(signals_->mutex);
    signals_->loop_opened.notify_all();
  }
  work(0);
  ++loop_.generation;
  while (loop_.busy > 0) ::sched_yield();
  if (loop_.error) std::rethrow_exception(loop_.error);
}

void Executor::work(std::size_t number) {
  try {
    for (std::size_t task = loop_.next++; task < loop_.num_tasks; task = loop_.next++)
      (*loop_.body)(task, number);
  } catch (...) {
    loop_.next = loop_.num_tasks;
    const std::lock_guard lock(loop_.error_mutex);
    if (!loop_.error) loop_.error = std::current_exception();
  }
}

void Executor::help(std::size_t number) {
  std::uint64_t seen = 0;
  while (true) {
    await_loop(seen);
    if (stopping_) return;
    ++loop_.busy;
    const std::uint64_t generation = loop_.generation;
    if (generation % 2 == 1 && generation != seen) {
      seen = generation;
      work(number);
    }
    --loop_.busy;
  }
}

bool Executor::opened(std::uint64_t seen) const {
  const std::uint64_t generation = loop_.generation;
  return stopping_ || (generation % 2 == 1 && generation != seen);
}

void Executor::await_loop(std::uint64_t seen) {
  const auto until = std::chrono::steady_clock::now() + kSpin;
  while (std::chrono::steady_clock::now() < until) {
    if (opened(seen)) return;
    pause_briefly();
  }
  std::unique_lock lock(signals_->mutex);
  ++sleepers_;
  signals_->loop_opened.wait(lock, [&] { return opened(seen); });
  --sleepers_;
}

}  // namespace reranker::runtime
