#include "model/take.hpp"

#include <utility>

#include <fmt/format.h>

#include <reranker/error.hpp>

namespace reranker::model {

Taker::Taker(const Checkpoint& checkpoint, const std::string& prefix, const std::string& first,
             bool (*of_no_use)(std::string_view name))
    : checkpoint_(checkpoint) {
  for (const auto& [name, tensor] : checkpoint.tensors())
    if (!of_no_use(name)) left_.insert(name);
  if (checkpoint.tensors().count(prefix + first) != 0) prefix_ = prefix;
}

bool Taker::has_body(const std::string& name) const {
  return checkpoint_.tensors().count(prefix_ + name) != 0;
}

Tensor Taker::take(const std::string& name, const Shape& shape) {
  const auto found = checkpoint_.tensors().find(name);
  if (found == checkpoint_.tensors().end())
    throw Error(ErrorCode::model_invalid, fmt::format("{}: {} is missing, shape {} wanted",
                                                      any_file(), name, to_string(shape)));
  const Tensor& tensor = found->second;
  if (tensor.shape != shape)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: {} has shape {}, {} wanted by config.json",
                            checkpoint_.file_of(tensor).string(), name, to_string(tensor.shape),
                            to_string(shape)));
  left_.erase(name);
  return tensor;
}

Tensor Taker::row(const std::string& name, std::int64_t cols) {
  Tensor tensor = take(name, {1, cols});
  if (tensor.dtype == DType::i8)
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: {} is I8, F32, F16 or BF16 wanted of a head",
                            checkpoint_.file_of(tensor).string(), name));
  tensor.shape = {cols};
  return tensor;
}

void Taker::require_nothing_left() const {
  if (left_.empty()) return;
  throw Error(ErrorCode::model_invalid,
              fmt::format("{}: {} is unknown ({} tensors that this architecture does not have)",
                          any_file(), *left_.begin(), left_.size()));
}

std::string Taker::any_file() const {
  return checkpoint_.first_file().string();
}

void add(Network& network, Weight::Kind kind, const char* attribute, std::int64_t layer,
         std::vector<Tensor> parts, Weight::Reads reads) {
  Weight weight{attribute, layer, kind, std::move(parts), 0, 1, reads};
  for (const Tensor& part : weight.parts) weight.rows += part.shape[0];
  if (weight.parts[0].shape.size() > 1) weight.cols = weight.parts[0].shape[1];
  network.weights.push_back(std::move(weight));
}

}  // namespace reranker::model
