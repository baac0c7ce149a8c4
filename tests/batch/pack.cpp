#include <algorithm>
#include <random>

#include "batch/pack.hpp"
#include "support/catch.hpp"

using reranker::batch::join;
using reranker::batch::pack;
using reranker::batch::Sequence;
using Members = std::vector<std::size_t>;

// A sequence of `length` tokens, each of them the passage's own index.
static Sequence sequence(std::size_t passage, std::size_t length) {
  return {std::vector<std::int32_t>(length, static_cast<std::int32_t>(passage)), passage, 0, 0};
}

TEST_CASE("pack fills a batch up to the token budget and no further, longest first", "[pack]") {
  const auto batches = pack({sequence(0, 3), sequence(1, 4), sequence(2, 1)}, /*token_budget=*/7);

  REQUIRE(batches.size() == 2);
  CHECK(batches[0] == Members{1, 0});
  CHECK(batches[1] == Members{2});
}

TEST_CASE("pack gives a sequence over the budget a batch of its own", "[pack]") {
  const auto batches = pack({sequence(0, 1), sequence(1, 9), sequence(2, 1)}, /*token_budget=*/4);

  REQUIRE(batches.size() == 2);
  CHECK(batches[0] == Members{1});
  CHECK(batches[1] == Members{0, 2});
}

TEST_CASE("pack of nothing is nothing", "[pack]") {
  CHECK(pack({}, 16).empty());
}

TEST_CASE("pack places every sequence once and never passes the budget", "[pack]") {
  std::mt19937 random(/*seed=*/1);
  const std::size_t budget = GENERATE(1, 19, 111, 257, 1000000);
  std::vector<Sequence> sequences;
  for (std::size_t i = 0; i < 257; ++i) sequences.push_back(sequence(i, 1 + random() % 300));

  std::vector<std::size_t> seen;
  for (const auto& members : pack(sequences, budget)) {
    const auto batch = join(sequences, members);
    CHECK((batch.num_tokens() <= budget || batch.num_sequences() == 1));
    seen.insert(seen.end(), members.begin(), members.end());
  }
  std::sort(seen.begin(), seen.end());
  REQUIRE(seen.size() == sequences.size());
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == i);
}

TEST_CASE("join lays sequences end to end and marks where each begins", "[pack]") {
  const auto batch = join({sequence(0, 2), sequence(1, 1), sequence(2, 3)}, {2, 0});

  CHECK(batch.ids == std::vector<std::int32_t>{2, 2, 2, 0, 0});
  CHECK(batch.offsets == std::vector<std::int32_t>{0, 3, 5});
}

TEST_CASE("join marks where tokens of type 1 begin", "[pack]") {
  auto pair = sequence(0, 5);
  pair.num_type_1 = 2;
  const auto batch = join({pair, sequence(1, 3)}, {1, 0});

  CHECK(batch.offsets == std::vector<std::int32_t>{0, 3, 8});
  CHECK(batch.type_1_begins == std::vector<std::int32_t>{3, 3});
}
