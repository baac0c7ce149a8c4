#include "runtime/submitter.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "runtime/process_mark.hpp"
#include "runtime/thread.hpp"

namespace reranker::runtime {
namespace {

constexpr std::size_t kNumThreads = 2;

}  // namespace

struct Submitter::Queue {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> tasks;
  bool stopping = false;
  // Of a forked child's: what threads of the parent wait on can never be destroyed.
  std::shared_ptr<Queue> kept_for_good;
};

Submitter::Submitter() : queue_(std::make_shared<Queue>()) {}

Submitter::~Submitter() {
  if (owner_ == process_mark())
    stop_threads();
  else if (owner_ != 0)
    queue_->kept_for_good = queue_;
}

void Submitter::add(Task task) {
  const std::lock_guard lock(queue_->mutex);
  if (threads_.size() < kNumThreads) start_threads();
  queue_->tasks.push_back(std::move(task));
  queue_->changed.notify_one();
}

void Submitter::start_threads() {
  threads_.reserve(kNumThreads);  // none may be lost once it runs
  owner_ = process_mark();
  while (threads_.size() < kNumThreads)
    threads_.push_back(
        start_thread("a thread for submitted calls", [queue = queue_] { run_tasks(queue); }));
}

void Submitter::stop_threads() {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->stopping = true;
  }
  queue_->changed.notify_all();
  for (const pthread_t thread : threads_)
    pthread_equal(thread, pthread_self()) ? pthread_detach(thread) : pthread_join(thread, nullptr);
}

void Submitter::run_tasks(const std::shared_ptr<Queue>& queue) {
  std::unique_lock lock(queue->mutex);
  while (true) {
    queue->changed.wait(lock, [&] { return queue->stopping || !queue->tasks.empty(); });
    if (queue->tasks.empty()) return;
    Task task = std::move(queue->tasks.front());
    queue->tasks.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before the next lock
    lock.lock();
  }
}

}  // namespace reranker::runtime
