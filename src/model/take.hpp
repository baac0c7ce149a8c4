#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/network.hpp"
#include "model/safetensors.hpp"

namespace reranker::model {

using Shape = std::vector<std::int64_t>;

/// Takes tensors out of a checkpoint one by one and knows which are left.
/// Throws Error: model_invalid, with the tensor's name, shape found and shape wanted.
class Taker {
 public:
  /// Names of the body's tensors may have `prefix` in front or not: `first` is one of them and
  /// tells. `of_no_use` names what may be there and is passed over.
  Taker(const Checkpoint& checkpoint, const std::string& prefix, const std::string& first,
        bool (*of_no_use)(std::string_view name));

  bool has_body(const std::string& name) const;
  Tensor body(const std::string& name, const Shape& shape) { return take(prefix_ + name, shape); }
  Tensor take(const std::string& name, const Shape& shape);

  /// A tensor stored as (1, cols) and used as a vector. Throws Error: unsupported, if of codes.
  Tensor row(const std::string& name, std::int64_t cols);

  void require_nothing_left() const;

 private:
  std::string any_file() const;

  const Checkpoint& checkpoint_;
  std::set<std::string> left_;
  std::string prefix_;
};

/// Adds the weight that `parts` make, stacked by rows.
void add(Network& network, Weight::Kind kind, const char* attribute, std::int64_t layer,
         std::vector<Tensor> parts, Weight::Reads reads = Weight::Reads::norm);

}  // namespace reranker::model
