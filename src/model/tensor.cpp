#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/safetensors.hpp"

// What the engine's module needs of a checkpoint once it is open.

namespace reranker::model {

bool ends_with(std::string_view name, std::string_view end) {
  return name.size() >= end.size() && name.substr(name.size() - end.size()) == end;
}

std::string_view name(DType dtype) {
  switch (dtype) {
    case DType::f32: return "F32";
    case DType::f16: return "F16";
    case DType::bf16: return "BF16";
    case DType::i8: break;
  }
  return "I8";
}

std::size_t size_in_bytes(DType dtype) {
  return dtype == DType::f32 ? 4 : dtype == DType::i8 ? 1 : 2;
}

std::string to_string(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

const std::filesystem::path& Checkpoint::file_of(const Tensor& tensor) const {
  return files_[tensor.file].path();
}

void Checkpoint::read(const Tensor& tensor, std::uint64_t begin, std::size_t bytes,
                      void* destination) const {
  files_[tensor.file].read(tensor.offset + begin, bytes, destination);
}

}  // namespace reranker::model
