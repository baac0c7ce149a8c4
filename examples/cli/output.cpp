#include "output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "failure.hpp"

void write_out(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0)
    throw input_failure(fmt::format("stdout cannot be written: {}", std::strerror(errno)));
}

Progress::Progress(std::string unit, std::size_t total)
    : unit_(std::move(unit)),
      total_(total),
      shown_(isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 0) {}

Progress::~Progress() {
  if (shown_ && done_ > 0) std::fputs("\r\x1b[K", stderr);
}

void Progress::advance() {
  ++done_;
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now < next_) return;
  next_ = now + std::chrono::milliseconds(200);
  if (total_ > 0)
    fmt::print(stderr, "\r{} / {} {}", done_, total_, unit_);
  else
    fmt::print(stderr, "\r{} {}", done_, unit_);
  std::fflush(stderr);
}
