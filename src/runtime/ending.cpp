#include "runtime/ending.hpp"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace reranker::runtime {
namespace {

// A loop takes a tenth of a second where the model is large; a device's pass may take some.
constexpr std::chrono::seconds kPatience{10};

constexpr std::chrono::seconds kGrace{1};

using Clock = std::chrono::steady_clock;

std::atomic<Clock::time_point> beginning{Clock::time_point{}};  // of the end; that of time: none
std::atomic<int> jobs{0};
thread_local int jobs_here = 0;  // 1 where a callback of a job calls exit

void end_jobs() {
  if (!ending()) beginning = Clock::now();
  const auto until = beginning.load() + kPatience;  // of all handlers together
  while (jobs > jobs_here && Clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// A forked child has none of its parent's jobs but the one that forked.
void count_jobs_of_child() {
  jobs = jobs_here;
}

}  // namespace

bool ending() noexcept {
  return beginning.load() != Clock::time_point{};
}

void let_process_end() {
  std::this_thread::sleep_until(beginning.load() + kGrace);
}

void end_jobs_at_exit(Device device, Made made) {
  static std::atomic<bool> registered[static_cast<int>(Device::cuda) + 1][2];
  if (registered[static_cast<int>(device)][static_cast<int>(made)].exchange(true)) return;
  static const int counted = ::pthread_atfork(nullptr, nullptr, count_jobs_of_child);
  (void)counted;
  std::atexit(end_jobs);  // without memory for it, the process ends as it would without
}

UnderWay::UnderWay() {
  ++jobs;
  if (ending()) {
    --jobs;
    throw Ending{};
  }
  ++jobs_here;
}

UnderWay::~UnderWay() {
  --jobs_here;
  --jobs;
}

}  // namespace reranker::runtime
