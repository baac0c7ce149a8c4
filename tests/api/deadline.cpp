#include <chrono>
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

TEST_CASE("a call ends soon after another thread cancels it, and others go on", "[deadline]") {
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
