#include "metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>

namespace {

double discounted(const Gains& ordered, std::size_t k) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(k, ordered.size()); ++i)
    sum += ordered[i] / std::log2(static_cast<double>(i) + 2);
  return sum;
}

}  // namespace

double recall(const Gains& ordered, std::size_t num_relevant, std::size_t k) {
  const auto end = ordered.begin() + static_cast<std::ptrdiff_t>(std::min(k, ordered.size()));
  const auto found = std::count_if(ordered.begin(), end, [](int gain) { return gain > 0; });
  return static_cast<double>(found) / static_cast<double>(num_relevant);
}

double ndcg(const Gains& ordered, Gains all, std::size_t k) {
  std::sort(all.begin(), all.end(), std::greater<>());
  return discounted(ordered, k) / discounted(all, k);
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
