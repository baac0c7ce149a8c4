#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/model.hpp"
#include "support/catch.hpp"

using reranker::Overflow;
using reranker::RankOptions;

// What the host is told in a call of many passes.
struct Told {
  std::vector<std::pair<std::size_t, std::size_t>> counts;
  bool on_our_thread = false;

  RankOptions options() {
    RankOptions options;
    options.token_budget = 100;
    options.progress = [this, host = std::this_thread::get_id()](std::size_t done,
                                                                 std::size_t passages) {
      counts.emplace_back(done, passages);
      on_our_thread = std::this_thread::get_id() != host;
    };
    return options;
  }
};

TEST_CASE("progress is told after each pass, up to all passages", "[progress]") {
  const auto model = load_tiny();
  const auto passages = many_passages();
  auto told = Told();
  auto options = told.options();
  SECTION("whole passages") {}
  SECTION("passages in chunks count once") {
    options.overflow = Overflow::chunk;
    options.chunk_tokens = 40;
  }
  SECTION("passages too long for the window count as they are found") {
    options.overflow = Overflow::fail;
  }
  const auto ranking = model.rank("why", passages, options);
  REQUIRE(told.counts.size() == ranking.usage.batches);
  CHECK(told.counts.size() > 1);
  CHECK(told.counts.back() == std::pair(passages.size(), passages.size()));
  CHECK(told.on_our_thread);
  for (std::size_t i = 0; i < told.counts.size(); ++i) {
    CHECK(told.counts[i].second == passages.size());
    CHECK((i == 0 || told.counts[i - 1].first <= told.counts[i].first));
  }
}

struct NoException {};

TEST_CASE("what progress throws ends the call and comes back as it was", "[progress]") {
  const auto model = load_tiny();
  const auto before = model.score("why", many_passages());
  RankOptions options;
  options.token_budget = 100;
  int calls = 0;
  options.progress = [&](std::size_t, std::size_t) {
    ++calls;
    throw NoException();
  };
  CHECK_THROWS_AS(model.rank("why", many_passages(), options), NoException);
  CHECK(calls == 1);
  options.progress = [](std::size_t, std::size_t) { throw std::out_of_range("enough"); };
  CHECK_THROWS_AS(model.score("why", many_passages(), options), std::out_of_range);
  CHECK(model.score("why", many_passages()) == before);
}
