#include <cmath>

#include "api/model.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using reranker::ErrorCode;
using reranker::Overflow;
using reranker::RankOptions;
using reranker::Status;

TEST_CASE("rank orders by score, ties by index, and agrees with score", "[rank]") {
  const auto model = load_tiny();
  const auto passages = many_passages();  // some of them equal, and more than a short sort takes
  const auto scores = model.score("why", passages);
  const auto ranking = model.rank("why", passages);

  REQUIRE(ranking.hits.size() == passages.size());
  std::size_t ties = 0;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const auto& hit = ranking.hits[i];
    CHECK(hit.score == scores[hit.index]);
    CHECK(hit.logit == hit.score);
    CHECK(hit.probability == Approx(1 / (1 + std::exp(-hit.score))));
    CHECK(hit.bytes_read <= passages[hit.index].size());
    CHECK((hit.bytes_read == passages[hit.index].size()) == (hit.status == Status::ok));
    if (i == 0) continue;
    const auto& before = ranking.hits[i - 1];
    CHECK((before.score > hit.score || (before.score == hit.score && before.index < hit.index)));
    ties += before.score == hit.score;
  }
  CHECK(ties > 4);
}

TEST_CASE("rank keeps the top_n best", "[rank]") {
  const auto model = load_tiny();
  const auto all = model.rank("why", many_passages());
  RankOptions options;
  options.top_n = 5;
  const auto best = model.rank("why", many_passages(), options);
  REQUIRE(best.hits.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(best.hits[i].index == all.hits[i].index);
}

TEST_CASE("rank reports what it read of a passage that passes the window", "[rank]") {
  reranker::LoadOptions load;
  load.max_tokens = 64;
  const auto model = load_tiny(load);
  std::string passage;
  for (int i = 0; i < 100; ++i) passage += "bee " + std::to_string(i) + " ";

  const auto cut = model.rank("why", {passage, "short"}).hits;
  const auto& hit = cut[0].index == 0 ? cut[0] : cut[1];
  CHECK(hit.status == Status::truncated);
  CHECK(hit.tokens == 64);
  CHECK(hit.bytes_read > 20);
  CHECK(hit.bytes_read < passage.size());

  RankOptions options;
  options.overflow = Overflow::chunk;
  const auto chunked = model.rank("why", {passage}, options).hits[0];
  CHECK(chunked.status == Status::chunked);
  CHECK(chunked.bytes_read == passage.size());
  CHECK(chunked.chunk_begin < chunked.chunk_end);
  const std::string best =
      passage.substr(chunked.chunk_begin, chunked.chunk_end - chunked.chunk_begin);
  CHECK(model.score("why", {best})[0] == chunked.logit);

  options.max_chunks = 1;
  const auto first = model.rank("why", {passage}, options).hits[0];
  CHECK(first.bytes_read < passage.size());
  CHECK(first.tokens <= 64);
  options.max_chunks = 0;
  check_error(ErrorCode::invalid_argument, "max_chunks is 0, at least 1 wanted",
              [&] { model.rank("why", {passage}, options); });

  options.max_chunks = 32;
  options.overflow = Overflow::fail;
  const auto failed = model.rank("why", {passage, "short"}, options).hits;
  CHECK(failed[0].index == 1);
  CHECK(failed[1].status == Status::too_long);
  CHECK(std::isnan(failed[1].score));
  check_error(ErrorCode::too_long, "passage 0 does not fit", [&] {
    model.score("why", {passage, "short"}, options);
  });
}

TEST_CASE("bytes are counted in the caller's text, broken UTF-8 or not", "[rank]") {
  const auto model = load_tiny();
  const auto hit = model.rank("why", {"\xff\xff\xff"}).hits[0];
  CHECK(hit.bytes_read == 3);
  CHECK(hit.chunk_end == 3);
}

TEST_CASE("working memory stays within its plan, and the plan within the limit", "[rank]") {
  const auto usage = load_tiny(with_threads(2)).rank("why", many_passages()).usage;
  CHECK(usage.peak_bytes > 0);
  CHECK(usage.peak_bytes <= usage.planned_bytes);
  CHECK(usage.sequences == many_passages().size());

  const std::size_t limit = usage.planned_bytes / 2;
  const auto model = load_tiny(with_threads(2, limit));
  const auto bounded = model.rank("why", many_passages()).usage;
  CHECK(bounded.planned_bytes <= limit);
  CHECK(bounded.batches > usage.batches);
  CHECK(model.score("why", many_passages()) ==
        load_tiny(with_threads(1)).score("why", many_passages()));
}

TEST_CASE("a passage that memory is not there for leaves the others their ranks", "[rank]") {
  const std::string small = "they dance";
  std::string large;
  for (int i = 0; i < 60; ++i) large += "bee ";
  const auto needed = load_tiny(with_threads(1)).rank("why", {large}).usage.planned_bytes;
  const auto model = load_tiny(with_threads(1, needed - 1));

  const auto hits = model.rank("why", {large, small}).hits;
  CHECK(hits[0].index == 1);
  CHECK(hits[0].status == Status::ok);
  CHECK(hits[0].score == model.score("why", {small})[0]);
  CHECK(hits[1].index == 0);
  CHECK(hits[1].status == Status::not_scored);
  CHECK(hits[1].bytes_read == 0);
  CHECK(std::isnan(hits[1].score));
  check_error(ErrorCode::out_of_memory, "passage 1: one of its sequences, of ", [&] {
    model.score("why", {small, large});
  });
}

TEST_CASE("a fused score that is not finite is reported, and of score an error", "[rank]") {
  const auto model = load_tiny(with_threads(1));
  reranker::RankOptions options;
  options.first_stage = {1e-30f, -1e9f};  // 10 s / max(s) passes a float's range
  const auto hits = model.rank("why", {"a", "b"}, options).hits;
  CHECK(hits[0].index == 0);
  CHECK(hits[0].status == Status::ok);
  CHECK(hits[1].status == Status::non_finite);
  CHECK(std::isnan(hits[1].logit));
  check_error(ErrorCode::model_invalid, "passage 1", [&] {
    model.score("why", {"a", "b"}, options);
  });
}

TEST_CASE("a sequence that cannot fit the memory limit is refused with both numbers", "[rank]") {
  check_error(ErrorCode::out_of_memory, "memory_limit is 1000",
              [] { load_tiny(with_threads(1, 1000)).score("why", {"a"}); });
}

TEST_CASE("a handle that was moved from still works", "[rank]") {
  auto runtime = reranker::Runtime({1});
  const auto moved_runtime = std::move(runtime);
  CHECK(runtime.threads() == 1);
  auto model = load_tiny();
  const auto moved = std::move(model);
  CHECK(model.score("why", {"a"}) == moved.score("why", {"a"}));
}
