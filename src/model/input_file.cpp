#include "model/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <reranker/error.hpp>

namespace reranker::model {
namespace {

// What a clone without Git LFS has in place of a large file: a few lines that name it.
void refuse_lfs_pointer(const InputFile& file) {
  constexpr std::string_view kBegin = "version https://git-lfs.github.com/spec/";
  constexpr std::uint64_t kMostBytes = 1024;  // of one, by that specification
  if (file.size() < kBegin.size() || file.size() > kMostBytes) return;
  std::string begin(kBegin.size(), '\0');
  file.read(0, begin.size(), begin.data());
  if (begin == kBegin)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: a Git LFS pointer found, the file itself wanted (`git lfs pull`)",
                            file.path().string()));
}

}  // namespace

InputFile::InputFile(std::filesystem::path path) : path_(std::move(path)) {
  // Not to wait for a writer, should it be a pipe.
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  const bool known = descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    const std::string reason = known ? "not a regular file" : std::strerror(errno);
    if (descriptor_ >= 0) ::close(descriptor_);
    throw Error(ErrorCode::model_not_found, fmt::format("{}: {}", path_.string(), reason));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  try {
    refuse_lfs_pointer(*this);
  } catch (...) {
    ::close(descriptor_);  // no destructor runs
    throw;
  }
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void InputFile::read(std::uint64_t offset, std::size_t bytes, void* destination) const {
  auto* out = static_cast<char*>(destination);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, out, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      throw Error(ErrorCode::model_invalid,
                  fmt::format("{}: {} at byte {}, {} more bytes wanted", path_.string(),
                              got == 0 ? "the file ends" : std::strerror(errno), offset, bytes));
    out += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
}

std::string InputFile::read_all() const {
  std::string text(size_, '\0');
  read(0, text.size(), text.data());
  return text;
}

}  // namespace reranker::model
