#include <atomic>
#include <chrono>
#include <thread>

#include "runtime/executor.hpp"
#include "runtime/watch.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using reranker::CancelToken;
using reranker::ErrorCode;
using reranker::runtime::Crew;
using reranker::runtime::do_watched;
using reranker::runtime::Executor;
using reranker::runtime::Watch;
using Clock = Watch::Clock;

static const Clock::time_point kPast = Clock::now() - std::chrono::hours(1);
static const Clock::time_point kFuture = Clock::now() + std::chrono::hours(1000);

TEST_CASE("a call is over once its deadline has passed or its token is cancelled", "[watch]") {
  CHECK_FALSE(Watch().over());
  CHECK_FALSE(Watch(kFuture, CancelToken()).over());
  CHECK_FALSE(Watch(Clock::time_point::max(), {}).over());
  check_error(ErrorCode::deadline_exceeded, "deadline passed", [] { Watch(kPast, {}).check(); });

  const CancelToken token;
  const Watch watch(kPast, token);
  token.cancel();
  check_error(ErrorCode::cancelled, "was cancelled", [&] { watch.check(); });
}

TEST_CASE("a watched job begins no task once its call is over", "[watch]") {
  const int threads = GENERATE(1, 2);
  Executor executor(threads, 0);
  const CancelToken token;
  std::atomic<int> tasks{0};
  const auto two_loops = [&](Crew& crew) {
    for (int loop = 0; loop < 2; ++loop)
      crew.parallel_for(19, [&](std::size_t, std::size_t) {
        token.cancel();
        ++tasks;
      });
  };
  check_error(ErrorCode::cancelled, "was cancelled", [&] {
    executor.run([&](Crew& crew) { do_watched(crew, Watch({}, token), two_loops); });
  });
  CHECK(tasks <= threads);  // of each thread the one that it had begun
  tasks = 0;
  executor.run([&](Crew& crew) { do_watched(crew, {}, two_loops); });
  CHECK(tasks == 2 * 19);
}

TEST_CASE("a job whose turn does not come by its deadline never runs", "[watch]") {
  Executor executor(1, 0);
  std::atomic<bool> started{false}, release{false};
  std::thread other([&] {
    executor.run([&](Crew&) {
      started = true;
      while (!release) std::this_thread::yield();
    });
  });
  while (!started) std::this_thread::yield();

  bool ran = false;
  check_error(ErrorCode::deadline_exceeded, "before its turn came",
              [&] { executor.run([&](Crew&) { ran = true; }, kPast); });
  check_error(ErrorCode::deadline_exceeded, "before its turn came", [&] {
    executor.run([&](Crew&) { ran = true; }, Watch::Clock::now() + std::chrono::milliseconds(20));
  });
  Executor::Pending late(executor, [&](Crew&) { ran = true; });
  check_error(ErrorCode::deadline_exceeded, "before its turn came", [&] { late.wait(kPast); });
  {
    const Executor::Pending forsaken(executor, [&](Crew&) { ran = true; });
  }
  release = true;
  other.join();
  executor.run([](Crew&) {}, kFuture);
  CHECK_FALSE(ran);
}
