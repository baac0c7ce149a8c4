#pragma once

#include <string>
#include <vector>

#include "api/model.hpp"

inline reranker::LoadOptions on_cuda(reranker::Precision precision = reranker::Precision::automatic,
                                     std::size_t memory_limit = 0) {
  auto options = with_threads(2, memory_limit);
  options.device = reranker::Device::cuda;
  options.precision = precision;
  return options;
}

/// Lengths around the sizes of tiles and paddings, and no more of them than a host can do.
inline std::vector<std::string> passages() {
  std::vector<std::string> made;
  for (const std::size_t words : {0, 1, 2, 7, 14, 15, 30, 45})
    for (std::size_t variant = 1; variant < 3; ++variant) {
      std::string text;
      for (std::size_t i = 0; i < words; ++i)
        text += "the bee " + std::to_string(i * variant % 10) + " ";
      made.push_back(text);
    }
  return made;
}
