#include "batch/plan.hpp"
#include "support/catch.hpp"

using reranker::batch::affordable_budget;

// 10 bytes a token and 100 a sequence.
static std::size_t plan(std::size_t tokens, std::size_t sequences) {
  return 10 * tokens + 100 * sequences;
}

TEST_CASE("affordable_budget leaves the wanted budget alone where there is no limit", "[plan]") {
  CHECK(affordable_budget(1, 16384, 0, plan) == 16384);
}

TEST_CASE("affordable_budget is the largest that stays within the limit", "[plan]") {
  // With both sequences in a pass: 10 * tokens + 200 <= 1000.
  CHECK(affordable_budget(2, 16384, 1000, plan) == 80);
  CHECK(affordable_budget(2, 60, 1000, plan) == 60);
}

TEST_CASE("affordable_budget is 0 where only a sequence alone stays within the limit", "[plan]") {
  CHECK(affordable_budget(2, 16384, 109, plan) == 0);
}
