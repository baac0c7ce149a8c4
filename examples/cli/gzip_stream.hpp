#pragma once

#include <array>
#include <filesystem>
#include <istream>
#include <memory>
#include <streambuf>

#include <zlib.h>

/// The bytes of a file, unpacked where it is gzip's. Throws an input Failure where the file
/// cannot be read or is cut short.
class GzipBuffer : public std::streambuf {
 public:
  explicit GzipBuffer(const std::filesystem::path& path);

 private:
  int_type underflow() override;

  std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> file_;
  std::array<char, 1 << 16> buffer_;
};

/// A GzipBuffer as a stream; its failures come out of whatever reads.
class GzipStream : public std::istream {
 public:
  explicit GzipStream(const std::filesystem::path& path);

 private:
  GzipBuffer buffer_;
};
