#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/model.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using reranker::CancelToken;
using reranker::ErrorCode;
using reranker::RankOptions;
using Clock = std::chrono::steady_clock;

static RankOptions until(Clock::time_point deadline) {
  RankOptions options;
  options.deadline = deadline;
  return options;
}

TEST_CASE("a call whose deadline has passed fails, one with time left does not", "[deadline]") {
  const auto model = load_tiny();
  const auto past = until(Clock::now());
  const auto expired = [](const auto& call) {
    check_error(ErrorCode::deadline_exceeded, "the deadline passed", call);
  };
  expired([&] { model.score("why", {"bees"}, past); });
  expired([&] { model.score_pairs({"why"}, {"bees"}, past); });
  expired([&] { model.rank("why", {"bees"}, past); });
  expired([&] { model.rank("why", {}, past); });

  const auto later = until(Clock::now() + std::chrono::hours(1000));
  CHECK(model.score("why", {"bees"}, later) == model.score("why", {"bees"}));
}

static std::string long_passage() {
  std::string passage;
  for (int i = 0; i < 60; ++i) passage += "bee " + std::to_string(i) + " ";
  return passage;
}

TEST_CASE("a call that another thread cancels ends, and others go on", "[deadline]") {
  const auto model = load_tiny(with_threads(2));
  const auto before = model.score("why", many_passages());
  RankOptions options;
  options.cancel = CancelToken();
  const std::string passage = long_passage();
  // Far more than a machine scores in the time that a test may take.
  const std::vector<std::string_view> passages(1000000, passage);
  std::thread other([&] { options.cancel->cancel(); });
  check_error(ErrorCode::cancelled, "the call was cancelled",
              [&] { model.rank("why", passages, options); });
  other.join();
  check_error(ErrorCode::cancelled, "the call was cancelled",
              [&] { model.score("why", {"bees"}, options); });
  CHECK(model.score("why", many_passages()) == before);
}

TEST_CASE("a call that is cancelled between its passes begins no other", "[deadline]") {
  const auto model = load_tiny(with_threads(2));
  RankOptions options;
  options.token_budget = 100;
  REQUIRE(model.rank("why", many_passages(), options).usage.batches > 1);
  options.cancel = CancelToken();
  int passes = 0;
  options.progress = [&](std::size_t, std::size_t) {
    ++passes;
    options.cancel->cancel();
  };
  check_error(ErrorCode::cancelled, "the call was cancelled",
              [&] { model.rank("why", many_passages(), options); });
  CHECK(passes == 1);
}

// In clock ticks, of this process's thread of that name; there may be none yet.
static long processor_time(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string found;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, found);
    if (found != name) continue;
    std::ifstream stat(task.path() / "stat");
    for (int field = 1; field < 14; ++field) stat >> found;  // the name is one word
    long ticks = 0;
    stat >> ticks;
    return ticks;
  }
  return 0;
}

// In time of the processor, of which a busy machine takes nothing. A model whose pass is long
// beside a tick.
TEST_CASE("a call that is cancelled inside its one pass ends there", "[deadline]") {
  auto of_load = in(reranker::Precision::fp32);
  of_load.device = reranker::Device::cpu;
  const auto model = reranker::Reranker::load(SMALL_MODEL, of_load);
  const std::string passage = long_passage();
  const std::vector<std::string_view> passages(15, passage);
  RankOptions options;
  const auto spent = [&](const auto& call) {
    const long before = processor_time("reranker");
    call();
    return processor_time("reranker") - before;
  };
  const long whole =
      spent([&] { REQUIRE(model.rank("why", passages, options).usage.batches == 1); });
  REQUIRE(whole >= 8);
  long least = whole;
  for (int time = 0; time < 10 && least > whole / 2; ++time) {
    std::atomic<bool> ended{false};
    options.cancel = CancelToken();
    std::thread other([&, before = processor_time("reranker")] {
      while (!ended && processor_time("reranker") < before + 2) std::this_thread::yield();
      options.cancel->cancel();
    });
    least = std::min(least, spent([&] {
                       check_error(ErrorCode::cancelled, "the call was cancelled",
                                   [&] { model.rank("why", passages, options); });
                     }));
    ended = true;
    other.join();
  }
  CHECK(least <= whole / 2);
}

TEST_CASE("a call that computes ends at its deadline, and its threads serve others", "[deadline]") {
  const auto model = load_tiny(with_threads(2));
  const auto before = model.score("why", many_passages());
  const std::string passage = long_passage();
  // Tokenised in the time that there is, or nearly; by far not scored.
  const std::vector<std::string_view> passages(3000, passage);
  check_error(ErrorCode::deadline_exceeded, "the deadline passed", [&] {
    model.rank("why", passages, until(Clock::now() + std::chrono::milliseconds(50)));
  });
  CHECK(model.score("why", many_passages()) == before);
}
