#include "model/calibration.hpp"

#include <cmath>

namespace reranker::model {

float probability(const LogOdds& log_odds, float score) {
  const double exponent = log_odds.slope * score + log_odds.offset;
  return static_cast<float>(1.0 / (1.0 + std::exp(-exponent)));
}

}  // namespace reranker::model
