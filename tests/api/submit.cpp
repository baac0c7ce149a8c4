#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "api/model.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using reranker::CancelToken;
using reranker::ErrorCode;
using reranker::LoadOptions;
using reranker::Ranking;
using reranker::RankOptions;
using reranker::Request;
using reranker::Reranker;
using reranker::Runtime;

// What the call came to: get() throws its error.
static std::future<Ranking> submit(const Reranker& model, Request request) {
  auto promise = std::make_shared<std::promise<Ranking>>();
  model.submit(std::move(request), [promise](Ranking ranking, std::exception_ptr error) {
    error ? promise->set_exception(error) : promise->set_value(std::move(ranking));
  });
  return promise->get_future();
}

static Request bees(RankOptions options = {}) {
  return {"why do bees dance", many_passages(), std::move(options)};
}

static void check_same(const Ranking& a, const Ranking& b) {
  REQUIRE(a.hits.size() == b.hits.size());
  for (std::size_t i = 0; i < a.hits.size(); ++i) {
    CHECK(a.hits[i].index == b.hits[i].index);
    CHECK(a.hits[i].score == b.hits[i].score);
  }
}

TEST_CASE("a submitted call comes to what rank returns", "[submit]") {
  const auto model = load_tiny(with_threads(2));
  RankOptions options;
  options.top_n = GENERATE(0, 3);
  const auto request = bees(options);
  const auto expected = model.rank(request.query, request.passages, options);
  std::vector<std::future<Ranking>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(submit(model, request));
  for (auto& call : calls) check_same(call.get(), expected);
  check_same(submit(model, {"why", {}, {}}).get(), {});
}

TEST_CASE("what ends a submitted call reaches its callback", "[submit]") {
  const auto model = load_tiny();
  RankOptions options;
  options.token_budget = 0;
  check_error(ErrorCode::invalid_argument, "token_budget is 0",
              [&] { submit(model, bees(options)).get(); });
  options = {};
  options.cancel = CancelToken();
  options.cancel->cancel();
  check_error(ErrorCode::cancelled, "was cancelled", [&] { submit(model, bees(options)).get(); });
  options = {};
  options.deadline = std::chrono::steady_clock::now();
  check_error(ErrorCode::deadline_exceeded, "deadline passed",
              [&] { submit(model, bees(options)).get(); });
}

TEST_CASE("a call is not submitted without a callback", "[submit]") {
  check_error(ErrorCode::invalid_argument, "on_done is empty",
              [] { load_tiny().submit(bees(), nullptr); });
}

TEST_CASE("a submitted call outlives its handle and its runtime's", "[submit]") {
  const auto expected = load_tiny().rank(bees().query, bees().passages);
  std::future<Ranking> call;
  {
    const auto model = load_tiny(with_threads(2));
    call = submit(model, bees());
  }
  check_same(call.get(), expected);
}

TEST_CASE("a model whose handle is gone is let go before its last call is done", "[submit]") {
  auto options = with_threads(2);
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> held = token;  // by the model, with its log callback
  options.log = [token](reranker::LogLevel, std::string_view) {};
  std::optional<Reranker> model = load_tiny(options);
  options.log = nullptr;
  token.reset();
  REQUIRE_FALSE(held.expired());
  std::promise<void> dropped;
  RankOptions during;
  during.progress = [&](std::size_t, std::size_t) { dropped.get_future().wait(); };
  std::promise<bool> gone;
  model->submit(bees(during), [&](Ranking, std::exception_ptr) { gone.set_value(held.expired()); });
  model.reset();
  dropped.set_value();
  CHECK(gone.get_future().get());
}

TEST_CASE("a callback may hold the last handle on the model and its runtime", "[submit]") {
  for (int round = 0; round < 5; ++round) {
    std::promise<void> gone;
    std::promise<void> released;
    auto model = std::shared_ptr<Reranker>(new Reranker(load_tiny(with_threads(2))),
                                           [&](const Reranker* last) {
                                             delete last;
                                             gone.set_value();
                                           });
    model->submit(
        bees(), [model, &released](Ranking, std::exception_ptr) { released.get_future().wait(); });
    model.reset();
    released.set_value();
    gone.get_future().wait();
  }
}

TEST_CASE("a callback may submit the next call", "[submit]") {
  const auto model = load_tiny();
  std::promise<Ranking> last;
  model.submit(bees(), [&](Ranking, std::exception_ptr) {
    model.submit(bees(),
                 [&](Ranking ranking, std::exception_ptr) { last.set_value(std::move(ranking)); });
  });
  check_same(last.get_future().get(), model.rank(bees().query, bees().passages));
}

TEST_CASE("what progress throws in a submitted call reaches its callback", "[submit]") {
  const auto model = load_tiny();
  RankOptions options;
  options.progress = [](std::size_t, std::size_t) { throw std::out_of_range("enough"); };
  CHECK_THROWS_AS(submit(model, bees(options)).get(), std::out_of_range);
}

static Reranker load_with_queue_of_1() {
  LoadOptions options;
  options.runtime = Runtime({1, 0, 1});
  CHECK(options.runtime->queue_length() == 1);
  return load_tiny(options);
}

// A progress callback that keeps its call under way until it is let go.
class Hold {
 public:
  RankOptions options() {
    RankOptions options;
    options.progress = [this](std::size_t, std::size_t) {
      reached_.set_value();
      go_.get_future().wait();
    };
    return options;
  }
  void await() { reached_.get_future().wait(); }
  void end() { go_.set_value(); }

 private:
  std::promise<void> reached_;
  std::promise<void> go_;
};

template <typename Call>
static void check_refused(const Call& call) {
  check_error(ErrorCode::overloaded, "calls under way are 1, fewer than queue_length, 1, wanted",
              call);
}

TEST_CASE("a call past queue_length is refused at once, and later ones are not", "[submit]") {
  Hold hold;
  const auto model = load_with_queue_of_1();
  const auto before = model.score("why", many_passages());
  auto held = std::async(std::launch::async, [&] { model.score("why", {"bees"}, hold.options()); });
  hold.await();
  check_refused([&] { model.score("why", {"bees"}); });
  check_refused([&] { model.score_pairs({"why"}, {"bees"}); });
  check_refused([&] { model.rank("why", {"bees"}); });
  check_refused([&] { submit(model, bees()); });
  hold.end();
  held.get();
  CHECK(model.score("why", many_passages()) == before);
  CHECK(submit(model, bees()).get().hits.size() == many_passages().size());
  CHECK(model.score("why", many_passages()) == before);
}

TEST_CASE("a submitted call has a place in the queue until its callback", "[submit]") {
  Hold hold;
  const auto model = load_with_queue_of_1();
  auto call = submit(model, {"why", {"bees"}, hold.options()});
  hold.await();
  check_refused([&] { model.score("why", {"bees"}); });
  hold.end();
  call.get();
  CHECK(model.score("why", {"bees"}).size() == 1);
}

TEST_CASE("a call that fails gives its place back", "[submit]") {
  const auto model = load_with_queue_of_1();
  RankOptions options;
  options.token_budget = 0;
  for (int i = 0; i < 2; ++i) {
    check_error(ErrorCode::invalid_argument, "token_budget is 0",
                [&] { model.score("why", {"bees"}, options); });
    check_error(ErrorCode::invalid_argument, "token_budget is 0",
                [&] { submit(model, bees(options)).get(); });
  }
}

TEST_CASE("a callback may submit again though the queue has one place", "[submit]") {
  std::promise<Ranking> last;
  const auto model = load_with_queue_of_1();
  model.submit(bees(), [&](Ranking, std::exception_ptr) {
    model.submit(bees(),
                 [&](Ranking ranking, std::exception_ptr) { last.set_value(std::move(ranking)); });
  });
  CHECK(last.get_future().get().hits.size() == many_passages().size());
}
