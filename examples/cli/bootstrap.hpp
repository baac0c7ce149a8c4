#pragma once

#include <vector>

constexpr int kResamples = 1000;
constexpr int kConfidencePercent = 95;

/// A mean with its percentile interval.
struct Interval {
  double mean = 0, low = 0, high = 0;
};

/// The mean of after[i] - before[i], and its paired bootstrap interval over kResamples resamples
/// of the pairs. The seed is fixed: the same values give the same interval on every machine.
Interval mean_difference(const std::vector<double>& after, const std::vector<double>& before);
