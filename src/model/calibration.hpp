#pragma once

#include "model/config.hpp"

namespace reranker::model {

/// sigmoid(slope * score + offset), computed in double: rises with the score, so that an order by
/// probability is an order by score.
float probability(const LogOdds& log_odds, float score);

}  // namespace reranker::model
