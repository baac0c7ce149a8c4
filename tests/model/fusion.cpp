#include "model/fusion.hpp"
#include "support/catch.hpp"

using reranker::model::first_stage_terms;

TEST_CASE("the first stage counts by its share of the best and by its z-score", "[fusion]") {
  const auto terms = first_stage_terms({0.5, 2.0}, {4.0f, 2.0f, 0.0f});
  // mean 2, population sd sqrt(8 / 3)
  REQUIRE(terms.size() == 3);
  CHECK(terms[0] == Approx(0.5 * 10 + 2 * 1.2247449));
  CHECK(terms[1] == Approx(0.5 * 5));
  CHECK(terms[2] == Approx(-2 * 1.2247449));
}

TEST_CASE("a first stage that tells nothing adds nothing", "[fusion]") {
  CHECK(first_stage_terms({0.5, 2.0}, {0.0f, 0.0f}) == std::vector<float>{0.0f, 0.0f});
  CHECK(first_stage_terms({0.0, 2.0}, {3.0f}) == std::vector<float>{0.0f});
  CHECK(first_stage_terms({0.5, 2.0}, {}).empty());
}
