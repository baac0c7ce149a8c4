#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>

#include <reranker/error.hpp>

#include "runtime/executor.hpp"
#include "runtime/memory.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/float_modes.hpp"

using reranker::runtime::Crew;
using reranker::runtime::Executor;
using reranker::runtime::process_mark;

TEST_CASE("parallel_for runs every task once, on the threads it has", "[executor]") {
  const std::size_t threads = GENERATE(1, 2, 3, 8);
  const std::size_t tasks = GENERATE(0, 1, 19, 257);
  Executor executor(threads, 0);
  std::vector<std::atomic<int>> runs(tasks);
  std::atomic<bool> in_range{true};
  for (int round = 0; round < 20; ++round)
    executor.run([&](Crew& crew) {
      crew.parallel_for(tasks, [&](std::size_t task, std::size_t thread) {
        ++runs[task];
        if (thread >= threads) in_range = false;
      });
    });
  for (const auto& count : runs) CHECK(count == 20);
  CHECK(in_range);
}

TEST_CASE("loops follow each other without a task lost", "[executor]") {
  Executor executor(4, 0);
  std::size_t wrong = 0;
  executor.run([&](Crew& crew) {
    for (std::size_t loop = 0; loop < 5000; ++loop) {
      std::atomic<std::size_t> sum{0};
      crew.parallel_for(7, [&](std::size_t task, std::size_t) { sum += task + loop; });
      if (sum != 21 + 7 * loop) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("a thread that is cancelled while it waits takes its job with it", "[executor]") {
  Executor executor(1, 0);
  std::atomic<bool> started{false}, release{false}, queued{false}, ran{false};
  std::thread holder([&] {
    executor.run([&](Crew&) {
      started = true;
      while (!release) std::this_thread::yield();
    });
  });
  while (!started) std::this_thread::yield();
  std::thread waiting([&] {
    queued = true;
    executor.run([&](Crew&) { ran = true; });
  });
  while (!queued) std::this_thread::yield();
  pthread_cancel(waiting.native_handle());
  waiting.join();
  release = true;
  holder.join();
  executor.run([](Crew&) {});
  CHECK_FALSE(ran);
}

TEST_CASE("working memory that the system has not is not given", "[executor]") {
  Executor executor(1, 0);
  executor.run([](Crew& crew) {
    const std::size_t too_much = reranker::runtime::available_memory() + (std::size_t{1} << 30);
    CHECK(crew.working_memory(too_much).size() == 0);
    CHECK(crew.working_memory(1 << 20).size() >= 1 << 20);
  });
}

TEST_CASE("what a task or a job throws reaches the caller, and the threads live on", "[executor]") {
  Executor executor(2, 0);
  CHECK_THROWS_AS(executor.run([](Crew& crew) {
    crew.parallel_for(100, [](std::size_t task, std::size_t) {
      if (task == 57) throw std::out_of_range("57");
    });
  }),
                  std::out_of_range);
  CHECK_THROWS_AS(executor.run([](Crew&) { throw 3; }), int);
  int done = 0;
  executor.run([&](Crew&) { done = 1; });
  CHECK(done == 1);
}

TEST_CASE("a pending job runs beside who queued it, and ends before it goes", "[executor]") {
  Executor executor(1, 0);
  std::atomic<int> step{0};
  {
    Executor::Pending waits(executor, [&](Crew&) {
      while (step == 0) std::this_thread::yield();
      step = 2;
    });
    Executor::Pending follows(executor, [&](Crew&) { step = step == 2 ? 3 : -1; });
    step = 1;
    waits.wait();
  }
  CHECK(step == 3);

  Executor::Pending fails(executor, [](Crew&) { throw std::out_of_range("57"); });
  CHECK_THROWS_AS(fails.wait(), std::out_of_range);
  const Executor::Pending unheard(executor, [](Crew&) { throw 3; });
}

TEST_CASE("jobs of many callers run one at a time", "[executor]") {
  Executor executor(2, 0);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  int done = 0;  // guarded by the executor
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      for (int j = 0; j < 50; ++j)
        executor.run([&](Crew&) {
          const int now = ++inside;
          if (now > most) most = now;
          ++done;
          --inside;
        });
    });
  for (auto& caller : callers) caller.join();
  CHECK(done == 400);
  CHECK(most == 1);
}

TEST_CASE("our threads block signals but their own faults', are named and have default floats",
          "[executor]") {
  const OddFloats odd;
  Executor executor(2, 0);
  std::atomic<int> wrong{0};
  executor.run([&](Crew& crew) {
    crew.parallel_for(64, [&](std::size_t, std::size_t) {
      sigset_t mask;
      pthread_sigmask(SIG_BLOCK, nullptr, &mask);
      char name[16] = {};
      pthread_getname_np(pthread_self(), name, sizeof name);
      if (sigismember(&mask, SIGTERM) != 1 || sigismember(&mask, SIGSEGV) != 0 ||
          std::string(name) != "reranker" || !OddFloats::gone())
        ++wrong;
    });
  });
  CHECK(wrong == 0);
  CHECK(OddFloats::here());
}

// After a second without a job; where the machine is busy, the next look finds it.
TEST_CASE("working memory that no job asks for is given back", "[executor]") {
  Executor executor(1, 0);
  const auto held = [&](std::size_t asked) {
    std::size_t size = 0;
    executor.run([&](Crew& crew) { size = crew.working_memory(asked).size(); });
    return size;
  };
  REQUIRE(held(1 << 20) >= 1 << 20);
  REQUIRE(held(1) >= 1 << 20);  // kept for the job behind
  std::size_t kept = 1 << 20;
  for (int look = 0; look < 20 && kept >= 1 << 20; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    kept = held(1);
  }
  CHECK(kept < 1 << 20);
}

TEST_CASE("a forked child is told so and can end", "[executor]") {
  Executor executor(2, 0);
  executor.run([](Crew&) {});
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    {
      try {
        executor.run([](Crew&) {});
      } catch (const reranker::Error& error) {
        status = error.code() == reranker::ErrorCode::forked ? 0 : 2;
      }
    }
    executor.~Executor();
    ::_exit(status);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a forked child has another mark than its parent", "[executor]") {
  const std::uint64_t here = process_mark();
  CHECK(process_mark() == here);
  const pid_t child = ::fork();
  // Above the process's id, which in a namespace of its own could be the same.
  if (child == 0) ::_exit(process_mark() >> 32 == (here >> 32) + 1 ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a job's working memory stays where it is until more is asked for", "[executor]") {
  Executor executor(2, 0);
  executor.run([](Crew& crew) {
    char* const first = crew.working_memory(8192).data();
    first[0] = 7;
    CHECK(crew.working_memory(100).data() == first);
    CHECK(crew.working_memory(8192).data()[0] == 7);
    CHECK(crew.working_memory(8193).size() >= 8193);
  });
}

TEST_CASE("no more calls are admitted than the queue is long, and places come back", "[executor]") {
  Executor executor(1, 0, 2);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) try {
          const Executor::Admission admission(executor);
          const int now = ++inside;
          if (now > most) most = now;
          --inside;
        } catch (const reranker::Error&) {
          std::this_thread::yield();
        }
    });
  for (auto& caller : callers) caller.join();
  CHECK(most <= 2);
  const Executor::Admission first(executor);
  const Executor::Admission second(executor);
  check_error(reranker::ErrorCode::overloaded,
              "calls under way are 2, fewer than queue_length, 2, wanted",
              [&] { const Executor::Admission third(executor); });
}

TEST_CASE("a job's job runs at once", "[executor]") {
  Executor executor(2, 0);
  int done = 0;
  executor.run([&](Crew&) { executor.run([&](Crew&) { done = 1; }); });
  CHECK(done == 1);
}

// Not under a sanitizer, which ends the process where memory ends.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
// In a child, whose address space has room for some of the threads.
TEST_CASE("threads that cannot be started leave no caller waiting", "[executor]") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    Executor executor(64, 0);
    std::atomic<bool> begun{false};
    std::atomic<int> refused{0};
    const auto call = [&] {
      while (!begun) std::this_thread::yield();
      for (int i = 0; i < 20; ++i) try {
          executor.run([](Crew&) {});
        } catch (const reranker::Error&) {
          ++refused;
        }
    };
    std::thread first(call);
    std::thread second(call);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t most = pages * static_cast<std::size_t>(::getpagesize()) + (16 << 20);
    const rlimit limit{most, most};
    ::setrlimit(RLIMIT_AS, &limit);
    begun = true;
    first.join();
    second.join();
    ::_exit(refused > 0 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
#endif
