#include "batch/likeliest.hpp"

#include "support/catch.hpp"

using reranker::batch::likeliest;
using reranker::batch::Sequence;
using reranker::text::TokenId;

using Positions = std::vector<std::size_t>;

// Windows of these ids, each behind a query's side of two: 1 and 50.
static std::vector<Sequence> chunks(const std::vector<std::vector<TokenId>>& passages) {
  std::vector<Sequence> out;
  for (const auto& ids : passages) {
    Sequence chunk;
    chunk.ids = {1, 50};
    chunk.ids.insert(chunk.ids.end(), ids.begin(), ids.end());
    out.push_back(chunk);
  }
  return out;
}

TEST_CASE("the likeliest chunks are the first and those that hold most of the query's tokens",
          "[likeliest]") {
  const auto all = chunks({{9}, {20, 9, 30}, {8}, {30, 20}, {20, 30, 40}});
  CHECK(likeliest({20, 30, 40}, all, 2, 2) == Positions{0, 4});
  CHECK(likeliest({20, 30, 40}, all, 2, 3) == Positions{0, 1, 4});
  CHECK(likeliest({20, 30, 40}, all, 2, 4) == Positions{0, 1, 3, 4});
}

TEST_CASE("a single likeliest chunk need not be the first", "[likeliest]") {
  const auto all = chunks({{20}, {9}, {20, 30}});
  CHECK(likeliest({20, 30}, all, 2, 1) == Positions{2});
  CHECK(likeliest({20}, all, 2, 1) == Positions{0});
}

TEST_CASE("a token counts once for a chunk, however often it holds it", "[likeliest]") {
  const auto all = chunks({{9}, {20, 20, 20, 20}, {20, 30}});
  CHECK(likeliest({20, 30}, all, 2, 1) == Positions{2});
}

TEST_CASE("a token is worth more the fewer chunks hold it, and nothing where all do",
          "[likeliest]") {
  // 20 is in three of five and worth 2, 30 in one and worth 4, 40 in all.
  const auto all = chunks({{40}, {20, 40}, {20, 40}, {20, 40}, {30, 40}});
  CHECK(likeliest({20, 30, 40}, all, 2, 1) == Positions{4});
  CHECK(likeliest({20, 30, 40}, all, 2, 3) == Positions{0, 1, 4});
  CHECK(likeliest({40}, all, 2, 1) == Positions{0});
}

TEST_CASE("of equally likely chunks the first are taken", "[likeliest]") {
  const auto all = chunks({{9}, {20}, {8}, {20}, {20}});
  CHECK(likeliest({20}, all, 2, 3) == Positions{0, 1, 3});
  CHECK(likeliest({20}, all, 2, 4) == Positions{0, 1, 3, 4});
  CHECK(likeliest({}, all, 2, 3) == Positions{0, 1, 2});
  CHECK(likeliest({99}, all, 2, 3) == Positions{0, 1, 2});
}

TEST_CASE("all chunks are likeliest where there are no more", "[likeliest]") {
  const auto all = chunks({{9}, {20}});
  CHECK(likeliest({20}, all, 2, 2) == Positions{0, 1});
  CHECK(likeliest({20}, all, 2, 5) == Positions{0, 1});
  CHECK(likeliest({20}, {}, 2, 5).empty());
}

TEST_CASE("the query's side of a prompt makes no chunk likelier", "[likeliest]") {
  auto all = chunks({{9}, {9}, {9, 50}});
  CHECK(likeliest({50}, all, 2, 1) == Positions{2});
  all[1].ids[0] = 50;
  CHECK(likeliest({50}, all, 2, 1) == Positions{2});
}
