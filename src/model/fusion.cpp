#include "model/fusion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reranker::model {
namespace {

// A conversion out of float's range is undefined.
float to_float(double x) {
  constexpr auto kMost = static_cast<double>(std::numeric_limits<float>::max());
  constexpr auto kInfinity = std::numeric_limits<float>::infinity();
  return std::abs(x) <= kMost ? static_cast<float>(x) : x > 0.0 ? kInfinity : -kInfinity;
}

}  // namespace

std::vector<float> first_stage_terms(const Fusion& fusion, const std::vector<float>& scores) {
  if (scores.empty()) return {};
  const double count = static_cast<double>(scores.size());
  const double max = *std::max_element(scores.begin(), scores.end());
  double sum = 0.0;
  for (const float score : scores) sum += score;
  const double mean = sum / count;
  double squares = 0.0;
  for (const float score : scores) squares += (score - mean) * (score - mean);
  const double deviation = std::sqrt(squares / count);

  std::vector<float> terms;
  for (const float score : scores) {
    const double of_max = max > 0.0 ? 10.0 * score / max : 0.0;
    const double z = deviation > 0.0 ? (score - mean) / deviation : 0.0;
    terms.push_back(to_float(fusion.max_weight * of_max + fusion.zscore_weight * z));
  }
  return terms;
}

}  // namespace reranker::model
