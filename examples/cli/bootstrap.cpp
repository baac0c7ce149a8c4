#include "bootstrap.hpp"

#include <algorithm>
#include <cstddef>
#include <random>

#include "metrics.hpp"

namespace {

std::vector<double> resampled_means(const std::vector<double>& values) {
  std::mt19937_64 random(1);
  std::vector<double> means(kResamples);
  for (double& result : means) {
    double sum = 0;
    // Not uniform_int_distribution, whose draws each standard library makes its own way.
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random() % values.size()];
    result = sum / static_cast<double>(values.size());
  }
  return means;
}

}  // namespace

Interval mean_difference(const std::vector<double>& after, const std::vector<double>& before) {
  std::vector<double> differences(after.size());
  for (std::size_t i = 0; i < after.size(); ++i) differences[i] = after[i] - before[i];

  auto means = resampled_means(differences);
  std::sort(means.begin(), means.end());
  const std::size_t outside = kResamples * (100 - kConfidencePercent) / 200;  // at either end
  return {mean(differences), means[outside], means[kResamples - 1 - outside]};
}
