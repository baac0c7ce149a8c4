#pragma once

#include <vector>

#include "model/config.hpp"

namespace reranker::model {

/// What the first stage adds to each passage's logit: max_weight * 10 * s / max(s) + zscore_weight
/// * (s - mean(s)) / sd(s), over the scores `s` of one call; sd is the population's. A term whose
/// max is not above 0, or whose sd is 0, is 0. Computed in double; infinite where a float's range
/// is passed.
std::vector<float> first_stage_terms(const Fusion& fusion, const std::vector<float>& scores);

}  // namespace reranker::model
