#include "batch/plan.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using reranker::batch::affordable_budget;
using reranker::batch::Sequence;

// 10 bytes a token and 100 a sequence.
static std::size_t plan(std::size_t tokens, std::size_t sequences) {
  return 10 * tokens + 100 * sequences;
}

static std::vector<Sequence> sequences(std::initializer_list<std::size_t> lengths) {
  std::vector<Sequence> out;
  for (const std::size_t length : lengths)
    out.push_back({std::vector<std::int32_t>(length), out.size(), 0, 0});
  return out;
}

TEST_CASE("affordable_budget leaves the wanted budget alone where there is no limit", "[plan]") {
  CHECK(affordable_budget(sequences({50}), 16384, 0, plan) == 16384);
}

TEST_CASE("affordable_budget is the largest that stays within the limit", "[plan]") {
  // With both sequences in a pass: 10 * tokens + 200 <= 1000.
  CHECK(affordable_budget(sequences({50, 20}), 16384, 1000, plan) == 80);
  CHECK(affordable_budget(sequences({50, 20}), 60, 1000, plan) == 60);
}

TEST_CASE("affordable_budget refuses a sequence that alone passes the limit", "[plan]") {
  check_error(reranker::ErrorCode::out_of_memory, "passage 1: 91 tokens need 1010 bytes", [] {
    affordable_budget(sequences({20, 91}), 16384, 1000, plan);
  });
}
