#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "text/code_point_table.hpp"

namespace reranker::text {

/// A value of code points, as the generated tables have it: an array of runs, the first from 0 on.
struct Run {
  std::uint32_t first;  // the run goes on until the next one starts
  std::uint8_t value;
};

template <std::size_t n>
std::uint8_t value_at(const Run (&runs)[n], char32_t code_point) {
  const Run* after = std::upper_bound(
      runs, runs + n, code_point, [](char32_t value, const Run& run) { return value < run.first; });
  return after[-1].value;
}

/// Gives the runs as spans, for rising code points.
class RunReader {
 public:
  template <std::size_t n>
  explicit RunReader(const Run (&runs)[n]) : run_(runs), end_(runs + n) {}

  CodePointSpan<std::uint8_t> at(std::uint32_t code_point) {
    while (run_ + 1 != end_ && run_[1].first <= code_point) ++run_;
    return {run_->value, run_ + 1 != end_ ? run_[1].first : std::uint32_t(kCodePoints)};
  }

 private:
  const Run* run_;
  const Run* end_;
};

}  // namespace reranker::text
