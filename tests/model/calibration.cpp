#include <cmath>
#include <limits>

#include "model/calibration.hpp"
#include "support/catch.hpp"

using reranker::model::LogOdds;
using reranker::model::probability;

TEST_CASE("a calibration is a line in log-odds", "[calibration]") {
  CHECK(probability({0.5, -1.0}, 2.0f) == 0.5f);
  CHECK(probability({0.5, -1.0}, 4.0f) == Approx(1 / (1 + std::exp(-1.0))));
  CHECK(probability({0.5, -1.0}, 0.0f) == Approx(1 / (1 + std::exp(1.0))));
}

TEST_CASE("no calibration is the sigmoid", "[calibration]") {
  CHECK(probability(LogOdds{}, 0.0f) == 0.5f);
  CHECK(probability(LogOdds{}, -3.0f) == Approx(1 / (1 + std::exp(3.0))));
}

TEST_CASE("the largest scores have probabilities, too", "[calibration]") {
  const float most = std::numeric_limits<float>::max();
  CHECK(probability({1000.0, 0.0}, most) == 1.0f);
  CHECK(probability({1000.0, 0.0}, -most) == 0.0f);
}
