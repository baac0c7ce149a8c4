#include "gzip_stream.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "failure.hpp"

GzipBuffer::GzipBuffer(const std::filesystem::path& path)
    : file_(gzopen(path.c_str(), "rb"), gzclose) {
  if (!file_)
    throw input_failure(fmt::format("{}: cannot be opened: {}", path.string(), strerror(errno)));
  if (std::filesystem::is_directory(path))
    throw input_failure(fmt::format("{}: a folder found, a file wanted", path.string()));
}

GzipBuffer::int_type GzipBuffer::underflow() {
  const int bytes = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int error = Z_OK;
  gzerror(file_.get(), &error);
  // gzread gives what is left of a file that is cut short, and says so in the error alone.
  if (bytes < 0 || (bytes == 0 && error != Z_OK)) throw input_failure("cut short, or damaged");
  if (bytes == 0) return traits_type::eof();
  setg(buffer_.data(), buffer_.data(), buffer_.data() + bytes);
  return traits_type::to_int_type(buffer_[0]);
}

GzipStream::GzipStream(const std::filesystem::path& path) : std::istream(nullptr), buffer_(path) {
  rdbuf(&buffer_);
  exceptions(std::ios::badbit);  // else the stream swallows what its buffer throws
}
