#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

/// Writes `text` to stdout and flushes, so that a reader at the other end of a pipe has it.
/// Throws an input Failure where it cannot be written.
void write_out(std::string_view text);

/// A counter on stderr, shown only when that is a terminal and stdout is none.
class Progress {
 public:
  /// total: 0 where it is not known.
  Progress(std::string unit, std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance();

 private:
  std::string unit_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool shown_;
  std::chrono::steady_clock::time_point next_{};
};
