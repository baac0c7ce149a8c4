#include "runtime/submitter.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include "support/catch.hpp"

using reranker::runtime::Submitter;

TEST_CASE("submitted tasks all run, two at a time", "[submitter]") {
  std::vector<int> runs(100);
  std::promise<void> second_came;
  {
    Submitter submitter;
    submitter.add([&] { second_came.get_future().wait(); });
    submitter.add([&] { second_came.set_value(); });
    std::promise<void> last;
    std::mutex mutex;
    std::size_t done = 0;
    for (int& run : runs)
      submitter.add([&] {
        const std::lock_guard lock(mutex);
        ++run;
        if (++done == runs.size()) last.set_value();
      });
    last.get_future().wait();
  }
  for (const int run : runs) CHECK(run == 1);
}

TEST_CASE("submitted tasks are begun in the order of their coming", "[submitter]") {
  std::vector<int> order;  // of the tasks that the one free thread runs
  std::promise<void> go;
  {
    Submitter submitter;
    submitter.add([&] { go.get_future().wait(); });
    std::promise<void> last;
    for (int i = 0; i < 19; ++i) submitter.add([&order, i] { order.push_back(i); });
    submitter.add([&] { last.set_value(); });
    last.get_future().wait();
    go.set_value();
  }
  for (int i = 0; i < 19; ++i) CHECK(order.at(static_cast<std::size_t>(i)) == i);
}

TEST_CASE("a task may let go of the submitter that runs it", "[submitter]") {
  for (int round = 0; round < 50; ++round) {
    std::promise<void> gone;
    auto submitter = std::make_shared<Submitter>();
    std::promise<void> released;
    submitter->add([&gone, &released, own = submitter]() mutable {
      released.get_future().wait();
      own.reset();
      gone.set_value();
    });
    submitter.reset();
    released.set_value();
    gone.get_future().wait();
  }
}

TEST_CASE("a forked child can let go of a submitter", "[submitter]") {
  auto submitter = std::make_unique<Submitter>();
  std::promise<void> done;
  submitter->add([&] { done.set_value(); });
  done.get_future().wait();
  const pid_t child = ::fork();
  if (child == 0) {
    submitter.reset();
    ::_exit(7);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 7);
}
