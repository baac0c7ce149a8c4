#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace reranker::model {

/// A file opened for reading at offsets. Nothing is mapped: the file may be replaced or cut
/// on disk without harm to this process.
class InputFile {
 public:
  /// Throws Error: model_not_found; model_invalid where a Git LFS pointer stands in its place.
  explicit InputFile(std::filesystem::path path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  /// Fills `destination` with the `bytes` at `offset`. Throws Error: model_invalid where the file
  /// ends early or cannot be read. Thread-safe.
  void read(std::uint64_t offset, std::size_t bytes, void* destination) const;

  /// The whole file. Throws as read does.
  std::string read_all() const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace reranker::model
