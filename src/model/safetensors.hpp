#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/input_file.hpp"

namespace reranker::model {

enum class DType { f32, f16, bf16, i8 };

std::string_view name(DType dtype);
std::size_t size_in_bytes(DType dtype);

/// Where a tensor lies: row-major bytes of one file.
///
/// One of i8 holds codes: a matrix (rows, cols) whose blocks of cols / blocks columns have a scale
/// each. w[r][c] = float(code[r][c]) * float(scale[r][c / block]), rounded once in fp32, not at all
/// where scales are f16 or bf16.
struct Tensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::size_t file = 0;      // index into the checkpoint's files
  std::uint64_t offset = 0;  // of its first byte in the file
  std::uint64_t bytes = 0;
  std::shared_ptr<const Tensor> scales;  // of codes alone: (rows, blocks), no i8
};

/// Whether a tensor's name ends so.
bool ends_with(std::string_view name, std::string_view end);

/// "[128256, 2048]"
std::string to_string(const std::vector<std::int64_t>& shape);

/// Every tensor of the safetensors files of a model folder, and their bytes on demand. Buffers of
/// position and token type ids, which are integers, are passed over. The scales of codes X are
/// stored as X_scale and hang on X; they are not among the tensors.
///
/// The format: 8 bytes little-endian header length, a JSON header {name: {dtype, shape,
/// data_offsets}}, data. https://github.com/huggingface/safetensors
class Checkpoint {
 public:
  /// Opens model.safetensors, or the shards that model.safetensors.index.json names.
  /// Throws Error: model_not_found, model_invalid (a header that lies about its file, data that
  /// are no tensor's or two tensors', a tensor in two files or missing from the one that the index
  /// names, codes and scales that do not fit each other), unsupported (another dtype).
  static Checkpoint open(const std::filesystem::path& folder);

  const std::map<std::string, Tensor, std::less<>>& tensors() const { return tensors_; }
  const std::filesystem::path& file_of(const Tensor& tensor) const;
  const std::filesystem::path& first_file() const { return files_.front().path(); }

  /// The `bytes` of `tensor` from `begin` on. Thread-safe.
  void read(const Tensor& tensor, std::uint64_t begin, std::size_t bytes, void* destination) const;

 private:
  void add_file(const std::filesystem::path& path);
  void give_codes_their_scales();
  std::shared_ptr<const Tensor> take_scales(const Tensor& codes);
  void require_no_scales_left() const;

  std::vector<InputFile> files_;
  std::map<std::string, Tensor, std::less<>> tensors_;
};

}  // namespace reranker::model
