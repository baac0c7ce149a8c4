#include <utility>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "model/safetensors.hpp"

// Codes and the scales that belong to them.

namespace reranker::model {
namespace {

constexpr std::string_view kScaleEnd = "_scale";

bool fit(const Tensor& codes, const Tensor& scales) {
  if (codes.shape.size() != 2 || scales.shape.size() != 2) return false;
  const std::int64_t blocks = scales.shape[1];
  return scales.dtype != DType::i8 && scales.shape[0] == codes.shape[0] && blocks > 0 &&
         codes.shape[1] % blocks == 0;
}

}  // namespace

void Checkpoint::give_codes_their_scales() {
  for (auto& [name, tensor] : tensors_)
    if (tensor.dtype == DType::i8) tensor.scales = take_scales(tensor);
  require_no_scales_left();
}

// The map may lose any tensor but `codes`: an iterator to it stays.
std::shared_ptr<const Tensor> Checkpoint::take_scales(const Tensor& codes) {
  const auto invalid = [&](const std::string& message) {
    throw Error(ErrorCode::model_invalid, fmt::format("{}: {}", file_of(codes).string(), message));
  };
  const auto found = tensors_.find(codes.name + std::string(kScaleEnd));
  if (found == tensors_.end())
    invalid(fmt::format("{} is I8 and has no {}{}, its scales", codes.name, codes.name, kScaleEnd));
  Tensor& scales = found->second;
  if (!fit(codes, scales))
    invalid(fmt::format(
        "{} is {} of shape {}; F16, BF16 or F32 wanted, of shape [rows, blocks] for "
        "codes of shape {}, whose columns the blocks divide",
        scales.name, model::name(scales.dtype), to_string(scales.shape), to_string(codes.shape)));
  auto taken = std::make_shared<const Tensor>(std::move(scales));
  tensors_.erase(found);
  return taken;
}

void Checkpoint::require_no_scales_left() const {
  for (const auto& [name, tensor] : tensors_) {
    if (!ends_with(name, ".weight_scale")) continue;
    const auto of = std::string_view(name).substr(0, name.size() - kScaleEnd.size());
    const auto found = tensors_.find(of);
    throw Error(
        ErrorCode::model_invalid,
        fmt::format("{}: {} scales {}, which is {}; I8 wanted", file_of(tensor).string(), name, of,
                    found == tensors_.end() ? "missing" : model::name(found->second.dtype)));
  }
}

}  // namespace reranker::model
