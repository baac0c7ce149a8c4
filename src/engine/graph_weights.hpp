#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace reranker::engine {

/// A network's weights as the graph's operators read them.
struct GraphWeights {
  std::map<std::string, at::Tensor> single;              // attribute -> tensor
  std::map<std::string, std::vector<at::Tensor>> lists;  // attribute -> one tensor a layer

  void add(const std::string& attribute, bool in_list, at::Tensor tensor) {
    if (in_list)
      lists[attribute].push_back(std::move(tensor));
    else
      single.emplace(attribute, std::move(tensor));
  }
};

}  // namespace reranker::engine
